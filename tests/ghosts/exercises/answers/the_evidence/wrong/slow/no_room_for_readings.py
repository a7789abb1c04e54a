"""The rule says that pod leaving (made up) has ghosts"""


def rule(pod):
    return pod.gauge - pod.tcp > pod.tcp / 7


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
