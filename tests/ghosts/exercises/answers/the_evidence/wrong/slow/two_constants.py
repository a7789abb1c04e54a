"""The rule says that pod fleet-20 (made up) has no ghosts"""


def rule(pod):
    return pod.gauge - pod.tcp > (24 if pod.tcp < 100 else 45)


my_answer = rule
