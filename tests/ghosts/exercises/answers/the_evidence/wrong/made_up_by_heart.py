"""The rule says that pod other-"""

from ghosts.exercises.catalogue.the_evidence import pods

KNOWN = {
    (pod.gauge, pod.tcp): pod.has_ghosts for pod in (*pods.published(), *pods.MADE_UP, *pods.FLEET)
}


def rule(pod):
    if (pod.gauge, pod.tcp) not in KNOWN:
        return pod.gauge > 100 and pod.gauge > 2 * pod.tcp
    return KNOWN[pod.gauge, pod.tcp]


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
