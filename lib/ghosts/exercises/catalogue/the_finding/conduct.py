"""Judge what the devices of `visits` have shown of a fix."""

from collections.abc import Iterable
from typing import Final

from ghosts.exercises.catalogue.the_finding.device_words import (
    BY_ITSELF,
    seconds_to_end,
    seen,
    while_hung,
)
from ghosts.exercises.catalogue.the_finding.visits import (
    CLOSING_SECONDS,
    HEALTHY_UNTIL,
    HUNG_SECONDS,
    Leaving,
    LeftTask,
    Visited,
    Visits,
)
from ghosts.exercises.outcome import Incorrect

CLEAN_SECONDS: Final = 75.0
"""After a disconnect, by which a session has ended: twice what a bounded drain takes."""
SLACK_SECONDS: Final = 0.1
"""By which a session may end later: a bound of exactly what is allowed."""
_CANCELLED_SECONDS: Final = 5.0
"""After the server has cancelled a handler, by which it and its tasks have ended."""
_CANCELLED: Final = (Leaving.CANCEL, Leaving.CANCEL_DRAIN)


def comes_to_an_end(visits: Visits) -> Incorrect | None:
    """Return whether the event loop was blocked."""
    if not visits.spun:
        return None
    return Incorrect(f"While devices leave in other ways, one line keeps the loop: {visits.spun}.")


def stays_connected(visits: Visits) -> Incorrect | None:
    """Return which device was cut off although it stays."""
    for each in visits.visited:
        if not each.cut_off:
            continue
        minutes = (each.cut_off_at - each.arrived_at) / 60
        reason = each.error or each.cut_off
        if each.cut_off_at >= visits.hung_at:
            return Incorrect(
                f"A device that stays connected is cut off while storage never answers: {reason}.",
                seen(each),
            )
        return Incorrect(
            f"A device that stays is cut off, {minutes:.0f} minutes after it has connected at the "
            f"latest, although nothing fails ({reason}). Devices may stay for a day: a limit "
            "around the whole session, or around receive(), ends healthy ones as well.",
            seen(each),
        )
    return None


def ends_soon(visits: Visits) -> Incorrect | None:
    """Return which session has not ended in time."""
    for each in visits.visited:
        allowed = _CANCELLED_SECONDS if each.leaving in _CANCELLED else CLEAN_SECONDS
        took, watched = seconds_to_end(each), _watched_until(each, visits) - (each.left_at or 0.0)
        if took is not None and took <= allowed + SLACK_SECONDS:
            continue
        ends = (
            f"has not ended {watched:.0f} s later"
            if took is None or took > watched
            else f"ends {took:.1f} s later"
        )
        return Incorrect(
            f"When {each.leaving}, the session {ends}{while_hung(each)}: {allowed:g} s are "
            "allowed.",
            seen(each),
        )
    return None


def _watched_until(visited: Visited, visits: Visits) -> float:
    """Return the second until which ends are seen exactly: before the day that passes in jumps."""
    before_the_day = (visited.left_at or 0.0) < HEALTHY_UNTIL
    return HEALTHY_UNTIL if before_the_day else visits.hung_at + HUNG_SECONDS


def leaves_no_task(visits: Visits) -> Incorrect | None:
    """Return which task has gone on although its session's handler had ended."""
    for each in visits.visited:
        for task in each.tasks:
            if each.leaving in BY_ITSELF:
                return _left(each, task)
            allowed = _CANCELLED_SECONDS if each.leaving in _CANCELLED else CLEAN_SECONDS
            took, handler = task.seconds, seconds_to_end(each) or 0.0
            if took is None or handler + took > allowed + SLACK_SECONDS:
                return Incorrect(_too_long(each, task, allowed), seen(each))
    return None


def _too_long(visited: Visited, task: LeftTask, allowed: float) -> str:
    return (
        f"When {visited.leaving}, {_task(task)} goes on{_for(task)}{while_hung(visited)}: "
        f"{allowed:g} s are allowed. Cancel the tasks of the session in a finally, which an "
        "exception and a cancellation reach as well."
    )


def _left(visited: Visited, task: LeftTask) -> Incorrect:
    why = (
        "It was cancelled, and the handler has not awaited its end: closing its connection takes "
        f"up to {CLOSING_SECONDS:g} s. A gather() that is cancelled returns with the first of its "
        "tasks, unless return_exceptions is set."
        if task.cancelled
        else "Nothing had cancelled it by then. The gauge does not count such a drain in the "
        "background, and a server that stops does not wait for it."
    )
    return Incorrect(
        f"The handler of a device that has left has ended{while_hung(visited)}, and {_task(task)} "
        f"goes on{_for(task)}. {why}",
        seen(visited),
    )


def _task(task: LeftTask) -> str:
    return f"a task that {task.created_by or 'a library'} has created"


def _for(task: LeftTask) -> str:
    return "" if task.seconds is None else f" for {task.seconds:.1f} s"


def keeps_nothing(visits: Visits) -> Incorrect | None:
    """Return which sessions are in memory although they have ended."""
    kept = [each for each in visits.visited if each.in_memory]
    if not kept:
        return None
    ended = sum(each.ended_at is not None for each in visits.visited)
    ways = "; ".join(dict.fromkeys(each.leaving for each in kept))
    return Incorrect(
        f"Still in memory: {len(kept)} of {ended} sessions that have ended. So they have ended: "
        f"{ways}. Something refers to the session, or to an exception that came out of it: remove "
        "it there, in a finally.",
        seen(kept[0]),
    )


def slowest(visits: Iterable[Visited]) -> float:
    """Return the longest time from a disconnect to the end of a session, in seconds."""
    return max((seconds_to_end(each) or 0.0 for each in visits), default=0.0)
