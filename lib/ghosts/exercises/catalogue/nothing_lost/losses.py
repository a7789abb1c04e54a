"""Reasons for losses, by their cause."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ghosts.exercises.catalogue.nothing_lost.case import (
    DISK_FULL,
    END,
    EPOCH,
    LONG_OUTAGE,
    PIECE,
    PROCESSES,
)
from ghosts.exercises.catalogue.nothing_lost.causes import Cause, last_process
from ghosts.exercises.catalogue.nothing_lost.observed import Missing, Observed


def _devices(missing: Sequence[Missing]) -> str:
    return ", ".join(sorted({each.piece.conversation.key.uid for each in missing}))


def _amount(missing: Sequence[Missing]) -> str:
    return f"{sum(each.bytes for each in missing):,} bytes"


def _sent(missing: Missing) -> str:
    return f"{missing.piece.conversation.key.uid} sent at {missing.piece.complete:,.0f} s"


def _end_of(number: int) -> str:
    process = PROCESSES[number]
    return f"{'killed' if process.killed else 'stopped'}, at {process.end:.0f} s"


def _silence(missing: Sequence[Missing], seen: Observed) -> str:
    return (
        f"{_amount(missing)} are lost, and all of them are zero: two devices send silence. Silence "
        "is audio as well, and the same bytes may come several times."
    )


def _cut(missing: Sequence[Missing], seen: Observed) -> str:
    first = missing[0]
    return (
        f"{_amount(missing)} are missing from pieces of which the rest is stored: for example "
        f"{first.bytes:,} of the {first.piece.size:,} that {_sent(first)}. All that "
        "was kept has to be uploaded."
    )


def _did_not_fit(missing: Sequence[Missing], seen: Observed) -> str:
    at = missing[0].piece.complete
    full = "the disk was full" if DISK_FULL[0] <= at <= DISK_FULL[1] else "its max_bytes were used"
    return (
        f"{_amount(missing)} are lost that did not fit into the spool: at {at:.0f} s {full}, the "
        "spool raised SpoolFullError, and keep returned as if it had the audio. If keep raises, "
        "the device keeps the audio and sends it again."
    )


def _with_session(missing: Sequence[Missing], seen: Observed) -> str:
    return (
        f"{_amount(missing)} are lost of {_devices(missing)}: their sessions ended in an outage, "
        "and the audio was dropped with its session. It has to outlive it."
    )


def _not_on_disk(missing: Sequence[Missing], seen: Observed) -> str:
    number = min(each.piece.process for each in missing)
    those = [each for each in missing if each.piece.process == number]
    since = PROCESSES[number].end - min(each.piece.complete for each in those)
    when = f"in the last {since:.0f} s before" if since > 0 else "just before"
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
        f"{_amount(missing)} are lost: they were in the folder when the pod was stopped, at "
        f"{end:.0f} s, and deliver removed them when it was cancelled. An upload that was "
        "cancelled is not confirmed."
    )


def _not_taken_over(missing: Sequence[Missing], seen: Observed) -> str:
    begin = PROCESSES[-1].begin
    return (
        f"{_amount(missing)} are still in the folder at the end: they were there when the last "
        f"process began, at {begin:.0f} s, and it never uploaded them. A process finds nothing but "
        "the folder: keep and session_ended may never be called again for what is in it."
    )


def _discarded(missing: Sequence[Missing], seen: Observed) -> str:
    first = missing[0]
    return (
        f"{_amount(missing)} are lost that were in the folder and were removed from it, though no "
        f"upload had them, the first of them by the process that began at "
        f"{last_process(first).begin:,.0f} s: what {_sent(first)}. Audio may be removed when "
        "storage has confirmed it, and not before, however old it is."
    )


def _never_seen(missing: Sequence[Missing], seen: Observed) -> str:
    first = missing[0].piece
    if (first.conversation.key, EPOCH + first.at) in seen.refused:
        why = "keep had refused it when the disk was full, and has not kept it when it came again"
    elif first.size != PIECE:
        why = f"It has {first.size:,} bytes, {'fewer' if first.size < PIECE else 'more'} than most"
    elif first.is_like_others:
        why = "It is equal to the piece before it"
    else:
        why = "Another piece may have taken its place, under the same name"
    return (
        f"{_amount(missing)} are lost, and no upload and no file that a process left had them: for "
        f"example what {_sent(missing[0])}. {why}. All that keep is called with has to be stored."
    )


def _when_full(missing: Sequence[Missing], seen: Observed) -> str:
    return (
        f"{_amount(missing)} are lost that keep removed from the folder when the disk was full. If "
        "there is no room, the new audio is refused: what was kept before has to stay."
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
    works = any(each.confirmed and each.process == PROCESSES[-1].number for each in seen.uploads)
    if works and not any(each.tries or each.piece.conversation.over for each in missing):
        return (
            f"{_amount(missing)} were not stored by the end, at {END:,.0f} s, and no upload had "
            f"them, though others of this process succeeded: those of {_devices(missing)}, which "
            "are still connected. Audio has to be uploaded while its session goes on, too."
        )
    last = max((each.tries[-1].began for each in missing if each.tries), default=None)
    tried = "none of it was tried" if last is None else f"the last attempt began at {last:,.0f} s"
    return (
        f"{_amount(missing)} were not stored by the end, at {END:,.0f} s: {tried}. Storage has "
        f"worked again since {LONG_OUTAGE[1]:,} s. After a failure audio has to be tried again, "
        "and the pause before that needs a bound."
    )


REASONS: Final[Mapping[Cause, Callable[[Sequence[Missing], Observed], str]]] = {
    Cause.SILENCE: _silence,
    Cause.CUT: _cut,
    Cause.DID_NOT_FIT: _did_not_fit,
    Cause.WITH_SESSION: _with_session,
    Cause.DISCARDED: _discarded,
    Cause.NEVER_SEEN: _never_seen,
    Cause.WHEN_FULL: _when_full,
    Cause.NOT_ON_DISK: _not_on_disk,
    Cause.ALREADY_REMOVED: _already_removed,
    Cause.CANCELLED: _cancelled,
    Cause.NOT_TAKEN_OVER: _not_taken_over,
    Cause.GIVEN_UP: _given_up,
    Cause.TOO_LATE: _too_late,
}
