"""The rule says that pod first (made up) has no ghosts"""


def rule(pod):
    return pod.gauge - pod.tcp > 29


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
