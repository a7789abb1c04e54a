def rule(pod):
    counts = pod[["gauge", "tcp"]].astype(float)
    return (counts @ [1, -8 / 7]) > 10


my_answer = rule
