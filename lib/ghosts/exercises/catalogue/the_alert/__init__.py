"""Exercise 6: write the alert that would have paged, judged on what pods exposed in replays."""

from pathlib import Path
from typing import Final

from ghosts.exercises.catalogue.the_alert.judge import judge
from ghosts.exercises.exercise import Exercise
from ghosts.exercises.prediction import Question

EXERCISE: Final = Exercise(
    number=6,
    slug="the_alert",
    title="Write the alert that would have paged",
    minutes=10,
    answer_name="my_alert",
    checker=judge,
    hints=(
        "A ghost is a session without a connection. Which two metrics count sessions and "
        "connections, and what is their difference on a healthy pod?",
        "The operator - matches series with the same labels, so one expression covers every pod. "
        "Sessions that drain make the difference positive as well: for how long, and how many?",
        "More than 5 at a time, for longer than the 150 s that a session may drain: an "
        "expression that ends with > 5, and a `for` of 5m.",
    ),
    solution_code=Path(__file__).with_name("solution.py").read_text(encoding="utf-8"),
    why="The gauge counts sessions, the operating system connections: what the first has more is "
    "ghosts, or draining. Few sessions drain at a time, and none for longer than 150 s, so a "
    "threshold of 5 and a `for` of 5 minutes leave ghosts. Load does not move the difference.",
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
