def rule(pod):
    return pod.gauge - pod.tcp >= pod.tcp / 7 + 25


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
