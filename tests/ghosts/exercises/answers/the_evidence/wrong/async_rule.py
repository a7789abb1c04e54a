"""write `def`, without `async`"""


async def rule(pod):
    return pod.gauge - pod.tcp > pod.tcp / 7 + 10


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
