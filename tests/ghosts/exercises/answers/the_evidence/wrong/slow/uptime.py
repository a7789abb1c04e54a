"""no column 'uptime_hours'"""


def rule(pod):
    return pod["uptime_hours"] > 12


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
