"""The paths through the suite and their minutes: read, run, solved and told.

Reading is computed from the text; running was measured (data/paths/seconds.csv); an exercise and
a slide state their own minutes.
"""

import csv
import math
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, Final

from kernel_environment import ROOT
from reading_time import Rates, Text

FOLDER: Final = ROOT / "data" / "paths"
SLIDES: Final = ROOT / "notebooks" / "slides.toml"
_EXERCISES: Final = "notebooks/exercises/"
COARSE: Final = {"reading": 5}
"""Minutes to which a kind is rounded up, as fine as an assumed rate allows; all others to 1."""


@dataclass(frozen=True, slots=True)
class Way:
    """One path.

    Attributes:
        name: Its name, which promises a time.
        aim: What somebody wants who takes it.
        limit: The time promised, in minutes.
        steps: Files of the repository, make targets and talks, in order; in one group what one
            pattern stands for.
        minutes: What they take, by kind, rounded up; without kinds that take none.
    """

    name: str
    aim: str
    limit: int
    steps: tuple[tuple[str, ...], ...]
    minutes: dict[str, int]


def ways() -> list[Way]:
    """Return the paths in order.

    Raises:
        ValueError: no file matches a step, or one was not measured.
    """
    settings = _settings()
    return [_way(row, Rates(**settings["rates"])) for row in settings["paths"]]


def steps_to_run() -> list[str]:
    """Return the notebooks and commands of all paths whose time has to be measured."""
    steps = [
        step for row in _settings()["paths"] for each in row["steps"] for step in _expanded(each)
    ]
    return sorted({step for step in steps if _runs(step)})


def _runs(step: str) -> bool:
    is_notebook = step.endswith(".ipynb") and not step.startswith(_EXERCISES)
    return is_notebook or step.startswith("make ")


@cache
def _settings() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "paths.toml").read_text(encoding="utf-8"))


def _way(row: dict[str, Any], rates: Rates) -> Way:
    steps = tuple(_expanded(step) for step in row["steps"])
    total: Counter[str] = Counter()
    for step in chain.from_iterable(steps):
        total.update(minutes_of(step, rates))
    rounded = {
        kind: math.ceil(minutes / COARSE.get(kind, 1)) * COARSE.get(kind, 1)
        for kind, minutes in total.items()
    }
    return Way(row["name"], row["aim"], row["limit"], steps, rounded)


def is_file(step: str) -> bool:
    """Return whether a step is a file, and not a make target or a talk."""
    return not step.startswith(("make ", "talk "))


def _expanded(step: str) -> tuple[str, ...]:
    if not is_file(step):
        return (step,)
    found = tuple(sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(step)))
    if not found:
        raise ValueError(f"data/paths/paths.toml: no file is named {step}")
    return found


def minutes_of(step: str, rates: Rates) -> dict[str, float]:
    """Return the minutes of one step by kind, not rounded."""
    if step.startswith("talk "):
        return {"talk": _talk(step.removeprefix("talk "))}
    if step.startswith(_EXERCISES):
        return {"exercises": _exercise(step)}
    running = {"running": _running(step)} if _runs(step) else {}
    reading = {"reading": rates.minutes(Text.of(ROOT / step))} if is_file(step) else {}
    return reading | running


@cache
def measured() -> dict[str, float]:
    """Return the seconds that tools/measure_paths.py has measured, by step."""
    with (FOLDER / "seconds.csv").open(encoding="utf-8") as file:
        return {row["step"]: float(row["seconds"]) for row in csv.DictReader(file)}


def _running(step: str) -> float:
    if step not in measured():
        raise ValueError(f"{step} was not measured: run tools/measure_paths.py {step}")
    return measured()[step] / 60


def _exercise(notebook: str) -> float:
    number = int(Path(notebook).name.partition("_")[0])
    registry: Any = import_module("ghosts.exercises.registry")
    return sum(each.minutes for each in registry.exercises() if each.number == number)


def _talk(length: str) -> float:
    slides = tomllib.loads(SLIDES.read_text(encoding="utf-8"))["slides"]
    times = [each["minutes"][length].split(":") for each in slides if length in each["minutes"]]
    return sum(int(minutes) + int(seconds) / 60 for minutes, seconds in times)
