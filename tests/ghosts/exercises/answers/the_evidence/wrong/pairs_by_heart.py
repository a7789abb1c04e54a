"""The rule says that pod worn (made up) has no ghosts"""


def rule(pod):
    return (pod.gauge, pod.tcp) in {(199, 17), (147, 20), (132, 16), (79, 22), (216, 22)}


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
