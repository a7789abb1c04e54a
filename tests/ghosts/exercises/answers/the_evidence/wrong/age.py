"""All pods of a day have the same date"""

from datetime import date


def rule(pod):
    return pod.date < date(2026, 6, 1) and pod.gauge - pod.tcp > pod.tcp / 7 + 10


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
