"""Exercises with checks: in a notebook, ``from ghosts.exercises import the_lifecycle as exercise``.

    exercise.check(my_lifecycle)    correct, incorrect with the reason, or not attempted
    exercise.hint()                 the next of at most three
    exercise.solution()             a solution, which passes its own check, and why

Each exercise of `ghosts.exercises.catalogue` is an attribute of this package, and is loaded when it
is asked for.
"""

from ghosts.exercises.exercise import Exercise
from ghosts.exercises.outcome import Correct, Incorrect, NotAttempted, Outcome, Requirement
from ghosts.exercises.overview import certificate, overview
from ghosts.exercises.prediction import Question
from ghosts.exercises.registry import exercise_of, exercises, slugs

__all__ = [
    "Correct",
    "Exercise",
    "Incorrect",
    "NotAttempted",
    "Outcome",
    "Question",
    "Requirement",
    "certificate",
    "exercises",
    "overview",
]


def __getattr__(name: str) -> Exercise:
    if name in slugs():
        return exercise_of(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
