"""The rule says that pod evening (made up) has ghosts"""


def rule(pod):
    return (pod.gauge - pod.tcp) ** 2 > 400


my_answer = rule
