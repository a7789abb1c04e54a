"""The rule says that pod night (made up) has no ghosts"""


def rule(pod):
    return pod.tcp > 0 and pod.gauge / pod.tcp > 1.25 and pod.gauge - pod.tcp > 8 + pod.tcp / 7


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
