import bisect


def rule(pod):
    room = (20, 24, 30, 34)[bisect.bisect((100, 140, 175), pod.tcp)]
    return pod.gauge - pod.tcp > room


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
