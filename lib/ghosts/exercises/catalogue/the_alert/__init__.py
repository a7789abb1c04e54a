"""Exercise 6: write the alert that would have paged, judged on fleets of several pods."""

from pathlib import Path
from typing import Final

from ghosts.exercises.catalogue.the_alert.judge import judge
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.prediction import Question

EXERCISE: Final = Exercise(
    number=6,
    slug="the_alert",
    title="Write the alert that would have paged",
    minutes=12,
    answer_name="my_alert",
    checker=judge,
    hints=(
        "A ghost is a session without a connection. Which two metrics count sessions and "
        "connections, and what is their difference on a healthy pod?",
        "The operator - matches series with the same labels, so one expression covers every pod "
        "and keeps the label pod; a sum over all pods does neither. Sessions that drain make the "
        "difference positive as well: how many at any time, and more than that for how long?",
        "More than 5, for longer than the 160 s for which more may be draining: an expression that "
        "ends with > 5, and a `for` of 5m.",
    ),
    solution_code=Path(__file__).with_name("solution.py").read_text(encoding="utf-8"),
    why="The gauge counts sessions, the operating system connections: what the first has more is "
    "ghosts, or draining. Up to 5 sessions drain at any time, and more for 160 s at most, so a "
    "threshold of 5 and a `for` of 5 minutes leave ghosts. Load does not move the difference, and "
    "the difference of two series with the same labels is one of each pod.",
    questions=(
        Question(
            id="ghosts",
            text="An alert on the gauge alone: above 150, for 5 minutes. How many ghosts are there "
            "when it fires?",
            unit="ghosts",
            close=0.15,
        ),
    ),
)
