"""The registry of the exercises."""

import pkgutil
from functools import cache
from importlib import import_module

from ghosts.exercises import catalogue
from ghosts.exercises.exercise import Exercise


def slugs() -> tuple[str, ...]:
    """Return the names of the exercises, in no particular order."""
    return tuple(module.name for module in pkgutil.iter_modules(catalogue.__path__))


@cache
def exercise_of(slug: str) -> Exercise:
    """Return an exercise by its slug."""
    exercise = import_module(f"{catalogue.__name__}.{slug}").EXERCISE
    assert isinstance(exercise, Exercise)
    return exercise


def exercises() -> tuple[Exercise, ...]:
    """Return all exercises, in order."""
    return tuple(sorted(map(exercise_of, slugs()), key=lambda exercise: exercise.number))
