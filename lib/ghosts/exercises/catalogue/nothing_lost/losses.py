"""Reasons for losses, by their cause."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ghosts.exercises.catalogue.nothing_lost.case import (
    DISK_FULL,
    END,
    LONG_OUTAGE,
    PIECE,
    PROCESSES,
    STEP,
)
from ghosts.exercises.catalogue.nothing_lost.causes import Cause, last_process
from ghosts.exercises.catalogue.nothing_lost.observed import Missing, Observed


def _amount(missing: Sequence[Missing]) -> str:
    return f"{sum(each.bytes for each in missing):,} bytes"


def _end_of(number: int) -> str:
    process = PROCESSES[number]
    return f"{'killed' if process.killed else 'stopped'}, at {process.end} s"


def _silence(missing: Sequence[Missing], seen: Observed) -> str:
    return (
        f"{_amount(missing)} are lost, and all of them are zero: two devices send silence. Silence "
        "is audio as well, and the same bytes may come several times."
    )


def _cut(missing: Sequence[Missing], seen: Observed) -> str:
    first = missing[0]
    return (
        f"{_amount(missing)} are missing from pieces of which the rest is stored: for example "
        f"{first.bytes:,} of the {PIECE:,} that {first.piece.conversation.key.uid} sent at "
        f"{first.piece.at + STEP} s. All that was kept has to be uploaded."
    )


def _did_not_fit(missing: Sequence[Missing], seen: Observed) -> str:
    at = missing[0].piece.at + STEP
    full = "the disk was full" if DISK_FULL[0] <= at <= DISK_FULL[1] else "its max_bytes were used"
    return (
        f"{_amount(missing)} are lost that did not fit into the spool: at {at} s {full}, the spool "
        "raised SpoolFullError, and keep returned as if it had the audio. If keep raises, the "
        "device keeps the audio and sends it again."
    )


def _with_session(missing: Sequence[Missing], seen: Observed) -> str:
    devices = sorted({each.piece.conversation.key.uid for each in missing})
    return (
        f"{_amount(missing)} are lost of {', '.join(devices)}: their sessions ended in an outage, "
        "and the audio was dropped with its session. It has to outlive it."
    )


def _not_on_disk(missing: Sequence[Missing], seen: Observed) -> str:
    number = min(each.piece.process for each in missing)
    those = [each for each in missing if each.piece.process == number]
    since = PROCESSES[number].end - min(each.piece.at + STEP for each in those)
    when = f"in the last {since} s before" if since > 0 else "just before"
    return (
        f"{_amount(those)} are lost that came {when} the pod was {_end_of(number)}: they were in "
        "the memory of the process, and in no file of the folder. When keep returns, the audio has "
        "to be in the folder."
    )


def _already_removed(missing: Sequence[Missing], seen: Observed) -> str:
    process = last_process(missing[0])
    return (
        f"{_amount(missing)} are lost: when the pod was {_end_of(process.number)}, their upload "
        "was not confirmed, and they had been removed from the folder before. They may be removed "
        "when clients.upload has returned."
    )


def _cancelled(missing: Sequence[Missing], seen: Observed) -> str:
    end = PROCESSES[last_process(missing[0]).number].end
    return (
        f"{_amount(missing)} are lost: they were in the folder when the pod was stopped, at {end} "
        "s, and deliver removed them when it was cancelled. An upload that was cancelled is not "
        "confirmed."
    )


def _not_taken_over(missing: Sequence[Missing], seen: Observed) -> str:
    begin = PROCESSES[-1].begin
    return (
        f"{_amount(missing)} are still in the folder at the end: they were there when the last "
        f"process began, at {begin} s, and it never uploaded them. A process finds nothing but the "
        "folder: keep and session_ended may never be called again for what is in it."
    )


def _discarded(missing: Sequence[Missing], seen: Observed) -> str:
    first = missing[0]
    return (
        f"{_amount(missing)} are lost that were in the folder and were removed from it, though no "
        f"upload had them, the first of them by the process that began at "
        f"{last_process(first).begin} s: what {first.piece.conversation.key.uid} had sent at "
        f"{first.piece.at + STEP} s. Audio may be removed when storage has confirmed it."
    )


def _given_up(missing: Sequence[Missing], seen: Observed) -> str:
    most = max(missing, key=lambda each: len(each.tries))
    times, began, ended = len(most.tries), most.tries[0].began, most.tries[-1].ended
    often = "once" if times == 1 else f"{times:,} times"
    return (
        f"{_amount(missing)} are lost that were given up: an upload failed {often}, from "
        f"{began:,.0f} to {ended:,.0f} s, and was not tried again. Audio may be removed when "
        "storage has confirmed it, and not before, however long that takes."
    )


def _too_late(missing: Sequence[Missing], seen: Observed) -> str:
    last = max((each.tries[-1].began for each in missing if each.tries), default=None)
    tried = "none of it was tried" if last is None else f"the last attempt began at {last:,.0f} s"
    return (
        f"{_amount(missing)} were not stored by the end, at {END:,} s: {tried}. Storage has worked "
        f"again since {LONG_OUTAGE[1]:,} s. After a failure audio has to be tried again, and the "
        "pause before that needs a bound."
    )


REASONS: Final[Mapping[Cause, Callable[[Sequence[Missing], Observed], str]]] = {
    Cause.SILENCE: _silence,
    Cause.CUT: _cut,
    Cause.DID_NOT_FIT: _did_not_fit,
    Cause.WITH_SESSION: _with_session,
    Cause.DISCARDED: _discarded,
    Cause.NOT_ON_DISK: _not_on_disk,
    Cause.ALREADY_REMOVED: _already_removed,
    Cause.CANCELLED: _cancelled,
    Cause.NOT_TAKEN_OVER: _not_taken_over,
    Cause.GIVEN_UP: _given_up,
    Cause.TOO_LATE: _too_late,
}
