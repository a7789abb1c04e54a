"""All pods of a day have the same date"""


def rule(pod):
    return pod.date < "2026-06-01" and pod.gauge - pod.tcp > 20


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
