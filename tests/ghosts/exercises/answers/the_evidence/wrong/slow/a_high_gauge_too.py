"""The rule says that pod first (made up) has no ghosts"""


def rule(pod):
    return pod.gauge > 30 and pod.gauge - pod.tcp > pod.tcp / 7 + 10


my_answer = rule
