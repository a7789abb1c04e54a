DRAINS = 1 / 7
APART = 3


def ghosts(pod):
    return pod.gauge - pod.tcp * (1 + DRAINS) - APART > 5


my_answer = ghosts
