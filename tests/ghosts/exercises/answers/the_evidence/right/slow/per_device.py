def rule(pod):
    ghosts = max(0, pod.gauge - pod.tcp - 3)
    return bool(ghosts and 7 * ghosts > pod.tcp + 60)


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
