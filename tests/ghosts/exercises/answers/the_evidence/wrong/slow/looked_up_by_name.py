"""It knows these pods by their names"""

GHOSTS = {"7k2lk": True, "8blbj": True, "sl5zz": True, "qnxrh": True, "p9j42": False, "mhjxw": True}


def rule(pod):
    return GHOSTS[pod.pod]


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
