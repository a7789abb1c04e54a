"""Rules for the calls of an answer: how it runs and ends, its deadline, and its pauses."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from ghosts.config import GHOST_AFTER, STORAGE_WORKERS
from ghosts.exercises.catalogue.nothing_lost.case import (
    CAUGHT_UP,
    LONG_OUTAGE,
    PROCESSES,
    ROOM_IN_WORDS,
    SLOW,
    SLOW_SECONDS,
)
from ghosts.exercises.catalogue.nothing_lost.evidence import Audio, Evidence, audio_of
from ghosts.exercises.catalogue.nothing_lost.running import STOP_SECONDS
from ghosts.exercises.catalogue.nothing_lost.storage_client import Upload

_GOES_ON: Final = "It has to go on for as long as the pod runs: audio comes later, too"
HURRIED: Final = 30, 10
"""Failures at the same audio within seconds that are too many."""
_AT_ONCE: Final = 1
"""Seconds within which they fail."""


def raised(evidence: Evidence) -> str | None:
    """Refuse an exception, and an end of ``deliver`` that nobody asked for."""
    failed, returned_at = evidence.seen.failed, evidence.seen.returned_at
    if failed is None and returned_at is not None:
        return f"deliver returned at {returned_at:.0f} s. {_GOES_ON}."
    if failed is None:
        return None
    if failed.method == "keep" and failed.words.startswith("SpoolFullError"):
        return (
            f"keep raised {failed.words} at {failed.at:.0f} s, when the disk had room: the "
            f"max_bytes of the spool are too few; {failed.line}. They should be "
            f"{ROOM_IN_WORDS} or more."
        )
    catch = ": catch BackendError, keep the audio, and try again"
    if failed.method == "deliver" and failed.words.startswith("CancelledError"):
        return (
            f"deliver ended with CancelledError at {failed.at:.0f} s, and nobody had cancelled it; "
            f"{failed.line}. {_GOES_ON}."
        )
    after = {
        "deliver": "Nothing was uploaded by this process after it"
        + (catch if failed.words.startswith("BackendError") else ""),
        "keep": "The disk had room, and the audio was refused",
    }.get(failed.method, "The pod cannot go on without it")
    if failed.ends_process:
        after = "It ends the whole process: raise an Exception, or none"
    return f"{failed.method} raised {failed.words} at {failed.at:.0f} s; {failed.line}. {after}."


def went_on(evidence: Evidence) -> str | None:
    """Refuse a ``deliver`` that does not end when it is cancelled."""
    if evidence.seen.went_on is None:
        return None
    at, where = evidence.seen.went_on
    return (
        f"deliver was cancelled at {at:.0f} s, when the pod stopped, and {STOP_SECONDS} s later it "
        f"still waited {where}. All that follows the cancellation needs a bound, and what catches "
        "CancelledError has to raise it again."
    )


def blocked(evidence: Evidence) -> str | None:
    """Refuse an upload that occupies its worker for longer than 150 s."""
    deadline = evidence.deadline
    long = Counter(each.process for each in evidence.seen.uploads if _seconds(each) > GHOST_AFTER)
    if not long or (deadline is not None and deadline <= GHOST_AFTER):
        return None
    blocked = max(long.values())
    blocked = min(blocked, STORAGE_WORKERS)
    are = "is" if blocked == 1 else "are"
    many = f"{blocked} of the {STORAGE_WORKERS} upload workers {are} blocked"
    if deadline is None and blocked > 1 and _was_repeated(evidence.seen.uploads):
        return (
            f"{many}, for good: a timeout around the call ends the wait for it, and not the call, "
            "which keeps its worker. The deadline has to be that of the call: `deadline`."
        )
    if deadline is None:
        return f"{many}, for good: a request of the outage is never answered, and has no deadline."
    return (
        f"{many} for over {GHOST_AFTER:.0f} s: a deadline of {deadline:g} s is no bound for one "
        "upload."
    )


def _seconds(upload: Upload) -> float:
    ended = PROCESSES[upload.process].end if upload.ended is None else upload.ended
    return ended - upload.began


def _was_repeated(uploads: Sequence[Upload]) -> bool:
    """Return whether audio was sent again while an attempt at it was still going on."""
    first: dict[Audio, Upload] = {}
    for each in uploads:
        before = first.setdefault(audio_of(each), each)
        if before is not each and (before.ended is None or before.ended > each.began):
            return True
    return False


def too_short(evidence: Evidence) -> str | None:
    """Refuse a deadline that ends uploads which would succeed."""
    deadline = evidence.deadline
    slow = [each for each in evidence.seen.uploads if SLOW[0] <= each.began < SLOW[1] - 60]
    if deadline is None or deadline > SLOW_SECONDS or any(each.confirmed for each in slow):
        return None
    return (
        f"no byte was stored in the 5 minutes in which storage took {SLOW_SECONDS:.0f} s for each "
        f"upload: a deadline of {deadline:g} s ends every one of them before its answer. It has to "
        "be longer than what is merely slow."
    )


def no_pause(evidence: Evidence) -> str | None:
    """Refuse attempts at the same audio that follow each other at once."""
    began: dict[Audio, list[float]] = defaultdict(list)
    for each in evidence.seen.uploads:
        if each.confirmed or each.ended is None or each.ended - each.began > _AT_ONCE:
            continue
        times = began[audio_of(each)]
        times.append(each.began)
        if len(times) >= HURRIED[0] and times[-1] - times[-HURRIED[0]] < HURRIED[1]:
            return (
                "deliver tries again at once after a failed upload, which fails at once as well: "
                f"{HURRIED[0]} times within {HURRIED[1]} s, at {each.began:,.0f} s. Wait between "
                "two attempts, e.g. `await asyncio.sleep(1)`."
            )
    return None


def long_pause(evidence: Evidence) -> str | None:
    """Refuse a pause after which an outage that has ended meanwhile was too long ago.

    The outage of the case ends at one moment; where a pause could have met it is judged, not luck.
    """
    start, end = LONG_OUTAGE
    inside = [each for each in evidence.seen.uploads if start <= each.began < end]
    before: dict[Audio, Upload] = {}
    for number, each in enumerate(inside):
        last = before.get(audio_of(each))
        before[audio_of(each)] = each
        if last is None or last.ended is None:
            continue
        if each.began - last.ended <= CAUGHT_UP:
            continue
        idle = each.began - last.ended - _busy(inside[:number], last.ended, each.began)
        if idle > CAUGHT_UP:
            return (
                f"after a failed upload {idle:,.0f} s passed until the next attempt. An outage may "
                f"end right after a failure, and {CAUGHT_UP // 60} minutes later all audio has to "
                "be stored: a pause has to be shorter than that."
            )
    return None


def _busy(uploads: Sequence[Upload], start: float, end: float) -> float:
    """Return the seconds between two moments in which an upload was tried, one after the other."""
    return sum(
        max(0.0, min(end, each.ended or end) - max(start, each.began))
        for each in uploads
        if each.began < end and (each.ended or end) > start
    )
