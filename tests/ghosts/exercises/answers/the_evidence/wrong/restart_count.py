"""no column 'restarts'"""


def rule(pod):
    return pod.restarts > 2


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
