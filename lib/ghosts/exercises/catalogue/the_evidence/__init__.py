"""Exercise 1: read the evidence."""

from typing import Final

from ghosts.exercises.catalogue.the_evidence.rule import judge
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.prediction import Question

_SOLUTION: Final = """
def rule(pod):
    draining = pod.tcp / 7
    return pod.gauge - pod.tcp > draining + 10


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
"""

EXERCISE: Final = Exercise(
    number=1,
    slug="the_evidence",
    title="Read the evidence: which gauges are wrong, and how do you know",
    minutes=8,
    answer_name="my_answer",
    checker=judge,
    hints=(
        "Two columns count the same thing: one is what the service has counted, the other is what "
        "the operating system has. Compare them pod by pod.",
        "The two are rarely equal to the last connection: sessions drain for a while after their "
        "device has left, and the two counts are read some seconds apart. How large can the "
        "difference be on a healthy pod with 7 connections, and on one with 175?",
        "What may be draining grows with the pod, and the rest does not: return pod.gauge - "
        "pod.tcp > pod.tcp / 7 + some number. It should be at least the 3 by which the readings "
        "differ, and less than 25.",
    ),
    solution_code=_SOLUTION,
    why=(
        "What the gauge counts and the kernel does not have is a session without a client. Memory, "
        "date and the gauge alone are symptoms or coincidences: only the difference of the two "
        "counts decides, with room for what may be draining, a seventh of the connections, and for "
        "the seconds between two readings. The number beside it may be anything from 3 to 24."
    ),
    questions=(
        Question(
            id="wrong_gauges", text="How many of the six gauges are wrong?", unit="pods", close=0.0
        ),
        Question(
            id="share",
            text="On 7k2lk, what share of the connections on the gauge does not exist?",
            unit="percent",
            close=0.1,
        ),
    ),
)
