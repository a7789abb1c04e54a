"""The rule says that pod mixed (made up) has no ghosts"""


def rule(pod):
    return pod.gauge - pod.tcp > pod.tcp / 3 + 10


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
