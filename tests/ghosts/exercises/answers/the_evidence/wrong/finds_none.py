"""The rule says that pod 7k2lk (published) has no ghosts"""


def rule(pod):
    return pod.gauge < pod.tcp


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
