def rule(pod):
    return pod["gauge"] >= pod["tcp"] * 8 / 7 + 22


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
