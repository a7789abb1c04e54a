"""The rule says that pod evening (made up) has ghosts"""


def rule(pod):
    return pod.gauge - pod.tcp > 20


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
