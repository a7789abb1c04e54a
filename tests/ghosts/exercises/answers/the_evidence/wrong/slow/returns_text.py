"""rule returns a string for pod 7k2lk"""


def rule(pod):
    return "ghosts" if pod.gauge - pod.tcp > pod.tcp / 7 + 10 else ""


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
