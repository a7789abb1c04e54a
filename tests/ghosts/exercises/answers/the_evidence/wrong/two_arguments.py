"""rule should take one pod: def rule(pod)"""


def rule(gauge, tcp):
    return gauge - tcp > tcp / 7 + 10


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
