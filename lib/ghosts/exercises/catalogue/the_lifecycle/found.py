"""What was found in a run of a lifecycle, and the words for it that reasons share."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from ghosts.exercises.catalogue.the_lifecycle.observed import Run
from ghosts.exercises.catalogue.the_lifecycle.plans import STOP_AT, WORKING, Plan
from ghosts.exercises.outcome import Seen
from tracemalloc_ext import Awaits

Runs = dict[Plan, Run]


class Finding(NamedTuple):
    """Why an answer is refused, and in which run it was found."""

    reason: str
    seen: Seen
    plan: Plan = WORKING


def way_of(run: Run, uid: str) -> str:
    """Return how a session ended, in words."""
    session = run.sessions[uid]
    left = session.ended is not None and session.ended >= run.left.get(uid, math.inf)
    if session.how == "cancelled":
        if not run.plan.stopped:
            return "by the CancelledError of a task that it had cancelled and awaited"
        drained = session.input_ended is not None and session.input_ended < STOP_AT
        return "by cancellation" + " while it drained" * drained
    if session.how == "raised":
        error = next(each for each in run.raised if each.uid == uid)
        return "by the exception of a loop" if error.of_the_loop else f"by {error.words}"
    if run.plan.is_crashing(uid):
        return "after a loop had raised an exception"
    return "after the device had left" if left else "while the device was connected"


def seen_in(run: Run, what: str = "", value: object = "", at: float | None = None) -> Seen:
    """Return what a run looked like at a second, by default at its end, and one thing more.

    It is the first sample that is not before that second.
    """
    samples = run.recording.samples
    shown = samples[-1]
    if at is not None:
        shown = next((each for each in samples if each.t >= at), shown)
    return {
        "run": run.plan.words,
        "at": f"{shown.t:.0f} s",
        "gauge": shown.gauge,
        "TCP connections": shown.tcp,
        "ghosts": shown.ghosts,
        "orphan tasks": shown.orphans,
        **({what: value} if what else {}),
    }


def listed(names: Iterable[str]) -> str:
    """Return names as in ``private_cloud, transcripts and audio_bytes``, each once."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last


def name_of(task: Awaits) -> str:
    """Return the loop of a session's task, or the function of a task that the reader started."""
    if task.task.startswith("ws:"):
        return task.task.rpartition(":")[2]
    own = (frame.function for frame in task.frames if frame.task == task.task)
    return next(own, task.task)
