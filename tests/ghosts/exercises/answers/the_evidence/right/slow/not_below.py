def rule(pod):
    room = pod.tcp * 150 / (17 * 60)
    return not pod.gauge - pod.tcp <= room + 10


my_answer = rule
