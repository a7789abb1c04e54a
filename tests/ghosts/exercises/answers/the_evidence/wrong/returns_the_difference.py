"""rule returns a number for pod 7k2lk"""


def rule(pod):
    return pod.gauge - pod.tcp


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
