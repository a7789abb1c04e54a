"""rule divides by zero for pod new"""


def rule(pod):
    return pod.gauge / pod.tcp > 2


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
