"""The rule says that pod arriving (made up) lies"""


def rule(pod):
    return abs(pod.gauge - pod.tcp) > 20 or pod.tcp - pod.gauge > 2


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
