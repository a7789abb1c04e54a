"""Exercise 1: read the evidence."""

from typing import Final

from ghosts.exercises.catalogue.the_evidence.rule import judge
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.prediction import Question

_SOLUTION: Final = """
def rule(pod):
    return pod.gauge - pod.tcp > 20


my_answer = {"pods": {"7k2lk", "8blbj", "sl5zz", "qnxrh", "mhjxw"}, "rule": rule}
"""

EXERCISE: Final = Exercise(
    number=1,
    slug="the_evidence",
    title="Read the evidence: which pods lie, and how do you know",
    minutes=6,
    answer_name="my_answer",
    checker=judge,
    hints=(
        "Two columns count the same thing: one is what the service believes, the other is what the "
        "operating system has. Compare them pod by pod.",
        "The two are rarely equal to the last connection: sessions drain for a while after their "
        "device has left, and the two counts are read some seconds apart. How large can that "
        "difference be on a healthy pod, and how large is it on these?",
        "A share is large on a pod with four connections and small on a pod with ninety; a "
        "difference is not. Return pod.gauge - pod.tcp > some number between what drains and 25.",
    ),
    solution_code=_SOLUTION,
    why=(
        "What the gauge counts and the kernel does not have is a session without a client. Memory, "
        "date and the gauge alone are symptoms or coincidences: only the difference of the two "
        "counts decides, with room for what drains and for the seconds between two readings."
    ),
    questions=(
        Question(id="lying", text="How many of the six gauges are wrong?", unit="pods", close=0.0),
        Question(
            id="share",
            text="On 7k2lk, what share of the connections on the gauge does not exist?",
            unit="percent",
            close=0.1,
        ),
    ),
)
