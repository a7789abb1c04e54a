"""The rule says that pod ahead (made up) has ghosts"""


def rule(pod):
    return abs(pod.gauge - pod.tcp) > pod.tcp / 7 + 10


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
