"""What was found in a run of a lifecycle, and the words for it that reasons share."""

from collections.abc import Iterator
from typing import NamedTuple

from ghosts.exercises.catalogue.the_lifecycle.runs import (
    CRASHING,
    STOPPING,
    WORKING,
    Plan,
    Run,
)
from ghosts.exercises.guarded import is_readers
from ghosts.exercises.outcome import Seen
from ghosts.records.recording import Sample
from tracemalloc_ext import AwaitFrame, Awaits

Runs = dict[Plan, Run]


class Finding(NamedTuple):
    """Why an answer is refused, and in which run it was found."""

    reason: str
    seen: Seen
    plan: Plan = WORKING


def way_of(run: Run) -> str:
    """Return how most sessions of a run ended, in words."""
    if run.plan is STOPPING:
        return "by its cancellation"
    return "by the exception of a loop" if run.plan is CRASHING else "after its device had left"


def seen_in(
    run: Run, what: str = "", value: object = "", sample: Sample | None = None
) -> dict[str, object]:
    """Return what a run looked like in a sample, by default the last, and one thing more."""
    shown = sample or run.recording.last
    return {
        "run": run.plan.words,
        "at": f"{shown.t:.0f} s",
        "gauge": shown.gauge,
        "TCP connections": shown.tcp,
        "ghosts": shown.ghosts,
        "orphan tasks": shown.orphans,
        **({what: value} if what else {}),
    }


def _frames(task: Awaits) -> Iterator[AwaitFrame]:
    yield from (frame for frame in task.frames if frame.task == task.task)


def place_of(task: Awaits) -> str:
    """Return where a task is suspended, in the reader's code if it has a frame there."""
    frames = [frame for frame in _frames(task) if is_readers(frame.filename)]
    frame = frames[-1] if frames else task.innermost
    if frame is None:
        return f"in {task.waits_for}"
    return f"in {frame.function}, line {frame.line}: {frame.source}"


def name_of(task: Awaits) -> str:
    """Return the loop of a session's task, or the function of a task that the reader started."""
    if task.task.startswith("ws:"):
        return task.task.rpartition(":")[2]
    return next((frame.function for frame in _frames(task)), task.task)
