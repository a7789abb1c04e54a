"""The rule says that pod night (made up) does not lie"""


def rule(pod):
    return pod.tcp > 0 and pod.gauge - pod.tcp > 20


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
