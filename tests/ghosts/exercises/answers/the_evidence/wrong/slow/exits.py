"""rule raises SystemExit for pod 7k2lk"""


def rule(pod):
    raise SystemExit(pod.gauge - pod.tcp > 20)


my_answer = rule
