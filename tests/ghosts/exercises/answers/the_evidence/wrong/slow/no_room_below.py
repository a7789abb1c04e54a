"""The rule says that pod fleet-14 (made up) has no ghosts"""


def rule(pod):
    return pod.gauge - pod.tcp >= pod.tcp / 7 + 25


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
