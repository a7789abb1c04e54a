"""The rule says that pod fleet-4 (made up) has ghosts"""


def rule(pod):
    return pod.gauge - pod.tcp > pod.tcp / 8 + 5


my_answer = rule
