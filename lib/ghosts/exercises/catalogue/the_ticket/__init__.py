"""Exercise 8: the ticket, is it capacity?"""

from typing import Final

from ghosts.exercises.catalogue.the_ticket.triage import judge
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.prediction import Question

_SOLUTION: Final = """
my_answer = {
    "A": ("capacity", "TCP connections", "more nodes"),
    "B": ("ghosts", "TCP connections", "deadline on uploads"),
    "C": ("both", "TCP connections", ("deadline on uploads", "more nodes")),
    "D": ("blocked workers", "blocked workers", "deadline on uploads"),
}
"""

EXERCISE: Final = Exercise(
    number=8,
    slug="the_ticket",
    title="The ticket: is it capacity?",
    minutes=8,
    answer_name="my_answer",
    checker=judge,
    hints=(
        "The autoscaler reads the gauge. Measure what the gauge should count, in each ticket: "
        "tickets['A'].measure('TCP connections').",
        "Two questions for each: how far is the gauge above the kernel's count, and how many pods "
        "of 30 would the kernel's count need, where six fit? Where gauge and kernel agree and "
        "nothing is Pending, look at what the pod's sessions share.",
        "More room helps where connections with a device do not fit. Ghosts and blocked workers go "
        "when calls have a deadline. One of the tickets needs both.",
    ),
    solution_code=_SOLUTION,
    why=(
        "Pending pods, a high gauge and high memory look the same whether the fleet is too small "
        "or its gauge counts ghosts. The kernel's count tells them apart: it says how many devices "
        "there are, and so how many pods they need. In D the two counts agree, and the pool of "
        "upload workers that the sessions share is blocked."
    ),
    questions=(
        Question(
            id="capacity",
            text="In how many of the four tickets would more nodes alone be the answer?",
            unit="tickets",
            close=0.0,
        ),
    ),
)
