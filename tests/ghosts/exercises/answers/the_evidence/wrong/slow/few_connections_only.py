"""The rule says that pod crowded (made up) has no ghosts"""


def rule(pod):
    return pod.tcp < 91 and pod.gauge - pod.tcp > 23


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
