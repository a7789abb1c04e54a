"""Judge what the devices of `visits` have shown of a fix."""

from collections.abc import Iterable, Iterator
from typing import Final

from ghosts.exercises.catalogue.the_finding.storage import UPLOAD_SECONDS
from ghosts.exercises.catalogue.the_finding.visits import (
    CLOSING_SECONDS,
    FLUSH_SECONDS,
    FRAME,
    FRAME_EVERY,
    HEALTHY_UNTIL,
    HUNG_SECONDS,
    NOTIFY_SECONDS,
    SETTLED_SECONDS,
    Leaving,
    LeftTask,
    Visited,
    Visits,
    WrongGauge,
)
from ghosts.exercises.outcome import Incorrect, Seen

CLEAN_SECONDS: Final = 75.0
"""After a disconnect, by which a session has ended: twice what a bounded drain takes."""
SLACK_SECONDS: Final = 0.1
"""By which a session may end later: a bound of exactly what is allowed."""
_CANCELLED_SECONDS: Final = 5.0
"""After the server has cancelled a handler, by which it and its tasks have ended."""
_LAST_BYTES: Final = (2 * UPLOAD_SECONDS + FLUSH_SECONDS) / FRAME_EVERY * FRAME
"""Of a device, that may still have to be uploaded when it leaves."""
_BY_ITSELF: Final = (Leaving.CLOSE, Leaving.RESET)
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
                _seen(each),
            )
        return Incorrect(
            f"A device that stays is cut off, {minutes:.0f} minutes after it has connected at the "
            f"latest, although nothing fails ({reason}). Devices may stay for a day: a limit "
            "around the whole session, or around receive(), ends healthy ones as well.",
            _seen(each),
        )
    return None


def delivers(visits: Visits) -> Incorrect | None:
    """Return whose audio has not been uploaded once, although storage works."""
    sending = [each for each in visits.visited if each.sent]
    if doubled := [each for each in sending if each.stored > each.sent]:
        return Incorrect(
            "Audio is uploaded more than once, although nothing fails.", _seen(doubled[0])
        )
    short = [each for each in sending if each.stored < each.sent]
    if not short:
        return None
    worst = max(short, key=lambda each: each.sent - each.stored)
    missing = worst.sent - worst.stored
    if missing > _LAST_BYTES:
        return Incorrect(
            f"Storage works, and audio is not uploaded while devices are connected: {missing:,} of "
            f"{worst.sent:,} bytes of a device are missing. An upload takes {UPLOAD_SECONDS:g} s "
            "here, so a shorter deadline cuts off healthy uploads.",
            _seen(worst),
        )
    if worst.hung and len(short) == 1:
        return Incorrect(
            "Storage works, and what a device sends is not uploaded while it stays: after "
            f"{SETTLED_SECONDS:g} s, {worst.stored:,} of its {worst.sent:,} bytes are there.",
            _seen(worst),
        )
    return Incorrect(
        f"Storage works, and the last audio of {len(short)} of {len(sending)} devices is not "
        f"uploaded: the session of one of them ended {_took(worst)} s after the disconnect, with "
        f"{missing:,} of its bytes missing. An upload may be running at the disconnect, and the "
        f"next one begins {FLUSH_SECONDS:g} s after it; each takes {UPLOAD_SECONDS:g} s.",
        _seen(worst),
    )


def tells(visits: Visits) -> Incorrect | None:
    """Return whether the webhook was told of all audio that was stored when its turn came."""
    healthy = list(_healthy(visits))
    due, stored = sum(x.stored_when_due for x in healthy), sum(x.stored for x in healthy)
    seen = {"bytes in storage": f"{stored:,}", "bytes that the webhook was told of": visits.told}
    if visits.told > stored:
        return Incorrect("The webhook is told of more audio than storage has.", seen)
    if visits.told >= due:
        return None
    if not visits.told:
        return Incorrect(
            "The webhook is not told of anything any more: notify() is part of the session's work.",
            seen,
        )
    latest = max(healthy, key=lambda each: (each.ended_at or 0.0) - (each.left_at or 0.0))
    return Incorrect(
        f"The webhook is told of {visits.told:,} bytes, and {due:,} were in storage when its last "
        f"turns were due. notify() has a turn every {NOTIFY_SECONDS:g} s, the last one up to "
        f"{NOTIFY_SECONDS:g} s after the disconnect. The last session here ended {_took(latest)} s "
        "after it.",
        seen,
    )


def ends_soon(visits: Visits) -> Incorrect | None:
    """Return which session has not ended in time."""
    for each in visits.visited:
        allowed = _CANCELLED_SECONDS if each.leaving in _CANCELLED else CLEAN_SECONDS
        took, watched = _seconds_to_end(each), _watched_until(each, visits) - (each.left_at or 0.0)
        if took is not None and took <= allowed + SLACK_SECONDS:
            continue
        ends = (
            f"has not ended {watched:.0f} s later"
            if took is None or took > watched
            else f"ends {took:.1f} s later"
        )
        return Incorrect(
            f"When {each.leaving}, the session {ends}{_while(each)}: {allowed:g} s are allowed.",
            _seen(each),
        )
    return None


def _seconds_to_end(visited: Visited) -> float | None:
    """Return how long a handler went on after its device had left; None if to the end."""
    return None if visited.ended_at is None else visited.ended_at - (visited.left_at or 0.0)


def _watched_until(visited: Visited, visits: Visits) -> float:
    """Return the second until which ends are seen exactly: before the day that passes in jumps."""
    return visits.hung_at + HUNG_SECONDS if visited.hung else HEALTHY_UNTIL


def leaves_no_task(visits: Visits) -> Incorrect | None:
    """Return which task has gone on although its session's handler had ended."""
    for each in visits.visited:
        for task in each.tasks:
            if each.leaving in _BY_ITSELF:
                return _left(each, task)
            allowed = _CANCELLED_SECONDS if each.leaving in _CANCELLED else CLEAN_SECONDS
            took, handler = task.seconds, _seconds_to_end(each) or 0.0
            if took is None or handler + took > allowed + SLACK_SECONDS:
                return Incorrect(_too_long(each, task, allowed), _seen(each))
    return None


def _too_long(visited: Visited, task: LeftTask, allowed: float) -> str:
    return (
        f"When {visited.leaving}, {_task(task)} goes on{_for(task)}{_while(visited)}: "
        f"{allowed:g} s are allowed. Cancel the tasks of the session in a finally, which an "
        "exception and a cancellation reach as well."
    )


def _left(visited: Visited, task: LeftTask) -> Incorrect:
    why = (
        "It was cancelled, and the handler has not awaited its end: closing its connection takes "
        f"{CLOSING_SECONDS:g} s. A gather() that is cancelled returns with the first of its tasks, "
        "unless return_exceptions is set."
        if task.cancelled
        else "Nothing had cancelled it by then. The gauge does not count such a drain in the "
        "background, and a server that stops does not wait for it."
    )
    return Incorrect(
        f"The handler of a device that has left has ended{_while(visited)}, and {_task(task)} goes "
        f"on{_for(task)}. {why}",
        _seen(visited),
    )


def _task(task: LeftTask) -> str:
    return f"a task that {task.created_by or 'a library'} has created"


def _for(task: LeftTask) -> str:
    return "" if task.seconds is None else f" for {task.seconds:.1f} s"


def counts(visits: Visits) -> Incorrect | None:
    """Return when the gauge was not the number of handlers that were running."""
    wrong = visits.wrong_gauge
    if wrong is None:
        return None
    seen = {
        "gauge": f"{wrong.gauge:g}",
        "handlers that run": wrong.handlers,
        "connected devices": wrong.connected,
    }
    if wrong.gauge > wrong.handlers:
        when = "" if wrong.ended is None else f" when {wrong.ended}"
        return Incorrect(
            f"The gauge is not lowered{when}: the handler has ended, and it is counted still. "
            "Lower it in a finally.",
            seen,
        )
    return Incorrect(_too_low(wrong), seen)


def _too_low(wrong: WrongGauge) -> str:
    if wrong.connected <= wrong.gauge:
        return (
            "The gauge is lowered before the handler has ended: it counts a session until then, "
            f"and here it lacks {wrong.handlers - wrong.gauge:g} whose device has left, and whose "
            "handler still runs. A drain without an end would not be seen on it."
        )
    return (
        f"The gauge reads {wrong.gauge:g} while {wrong.handlers} handlers run: raise it by one at "
        "the begin of each, and lower it by one at its end."
    )


def _healthy(visits: Visits) -> Iterator[Visited]:
    """Yield the devices that leave by themselves while storage works."""
    return (each for each in visits.visited if not each.hung and each.leaving in _BY_ITSELF)


def slowest(visits: Iterable[Visited]) -> float:
    """Return the longest time from a disconnect to the end of a session, in seconds."""
    return max((_seconds_to_end(each) or 0.0 for each in visits), default=0.0)


def _took(visited: Visited) -> str:
    ended, left = visited.ended_at, visited.left_at
    return "?" if ended is None or left is None else f"{ended - left:.1f}"


def _while(visited: Visited) -> str:
    return " while storage never answers and the webhook trickles" if visited.hung else ""


def _seen(visited: Visited) -> Seen:
    """Return what became of a device, for the table."""
    seen: dict[str, object] = {"device": f"{visited.leaving}{_while(visited)}"}
    if visited.sent:
        seen["audio in storage"] = f"{visited.stored:,} of {visited.sent:,} bytes"
    if visited.tasks:
        seen["tasks after the handler"] = "\n".join(dict.fromkeys(x.at for x in visited.tasks))
    if visited.error:
        seen["unhandled"] = visited.error
    return seen
