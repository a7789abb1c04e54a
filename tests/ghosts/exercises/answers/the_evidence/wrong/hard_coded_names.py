"""It knows these pods by their names"""


def rule(pod):
    return pod.pod in {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
