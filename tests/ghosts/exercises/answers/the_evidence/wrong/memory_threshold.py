"""of mhjxw no memory was published"""


def rule(pod):
    return pod.memory_mib > 1_000 or pod.gauge > 200


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
