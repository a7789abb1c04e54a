"""Judge whether a fix still does its work: audio is uploaded, and the webhook told of it."""

from collections.abc import Iterator
from typing import Final

from ghosts.exercises.catalogue.the_finding.device_words import BY_ITSELF, seen, stayed, took
from ghosts.exercises.catalogue.the_finding.storage import UPLOAD_SECONDS
from ghosts.exercises.catalogue.the_finding.visits import (
    FLUSH_SECONDS,
    FRAME,
    FRAME_EVERY,
    HEALTHY_UNTIL,
    LATE_SECONDS,
    NOTIFY_SECONDS,
    SETTLED_SECONDS,
    Visited,
    Visits,
)
from ghosts.exercises.outcome import Incorrect

_LAST_BYTES: Final = (2 * UPLOAD_SECONDS + FLUSH_SECONDS) / FRAME_EVERY * FRAME
"""Of a device, that may still have to be uploaded when it leaves."""


def delivers(visits: Visits) -> Incorrect | None:
    """Return whose audio has not been uploaded once, although storage works."""
    sending = [each for each in visits.visited if each.sent]
    if doubled := [each for each in sending if each.stored > each.sent]:
        return Incorrect(
            "Audio is uploaded more than once, although nothing fails.", seen(doubled[0])
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
            seen(worst),
        )
    if worst.hung and len(short) == 1:
        return Incorrect(
            "Storage works, and what a device sends is not uploaded while it stays: after "
            f"{SETTLED_SECONDS:g} s, {worst.stored:,} of its {worst.sent:,} bytes are there.",
            seen(worst),
        )
    at_work = "an upload was running" if worst.uploading else "audio was not uploaded yet"
    return Incorrect(
        f"Storage works, and the last audio of {len(short)} of {len(sending)} devices is not "
        f"uploaded. One of them had stayed for {stayed(worst)}, and {at_work} at the disconnect: "
        f"its session ended {took(worst)} s after the disconnect, with {missing:,} of its bytes "
        f"missing. After a running upload the next one begins {FLUSH_SECONDS:g} s later; each "
        f"takes {UPLOAD_SECONDS:g} s.",
        seen(worst),
    )


def tells(visits: Visits) -> Incorrect | None:
    """Return whether the webhook was told of all audio that was stored when its turn came."""
    healthy = list(_healthy(visits))
    due, stored = sum(x.stored_when_due for x in healthy), sum(x.stored for x in healthy)
    sums = {"bytes in storage": f"{stored:,}", "bytes that the webhook was told of": visits.told}
    if visits.told > stored:
        return Incorrect("The webhook is told of more audio than storage has.", sums)
    if late := next(filter(_is_told_late, healthy), None):
        return Incorrect(
            f"The webhook is told of what a device sends {_told_after(late):.0f} s after it has "
            f"connected, for the first time. notify() has a turn every {NOTIFY_SECONDS:g} s while "
            "a device stays.",
            sums,
        )
    if visits.told >= due:
        return None
    if not visits.told:
        return Incorrect(
            "The webhook is not told of anything any more: notify() is part of the session's work.",
            sums,
        )
    latest = max(healthy, key=lambda each: (each.ended_at or 0.0) - (each.left_at or 0.0))
    return Incorrect(
        f"The webhook is told of {visits.told:,} bytes, and {due:,} were in storage when its last "
        f"turns were due. notify() has a turn every {NOTIFY_SECONDS:g} s, the last one up to "
        f"{NOTIFY_SECONDS:g} s after the disconnect. The last session here ended {took(latest)} s "
        "after it.",
        sums,
    )


def _is_told_late(visited: Visited) -> bool:
    """Return whether a device has stayed for longer than to the first turn, and had none."""
    stays = (visited.left_at or 0.0) - visited.arrived_at
    latest = NOTIFY_SECONDS + LATE_SECONDS
    return stays > latest and visited.stored > _LAST_BYTES and _told_after(visited) > latest


def _told_after(visited: Visited) -> float:
    return 0.0 if visited.told_at is None else visited.told_at - visited.arrived_at


def _healthy(visits: Visits) -> Iterator[Visited]:
    """Yield the devices that leave by themselves while storage works, before the day."""
    return (
        each
        for each in visits.visited
        if each.leaving in BY_ITSELF and (each.left_at or HEALTHY_UNTIL) < HEALTHY_UNTIL
    )
