"""The rule says that pod few (made up) has ghosts"""


def rule(pod):
    return pod.gauge > 0 and (pod.gauge - pod.tcp) / pod.gauge > 0.5


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
