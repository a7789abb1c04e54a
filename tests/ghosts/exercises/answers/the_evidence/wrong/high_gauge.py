"""if all 199 connections of 7k2lk were in the kernel"""


def rule(pod):
    return pod.gauge > 100 or pod.gauge == 79


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
