"""if the gauge of 7k2lk read 17, as the kernel does"""


def rule(pod):
    return pod.tcp > 10


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
