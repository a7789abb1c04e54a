"""The cause of each loss: where the audio was when its process ended, and how it was tried."""

from collections import defaultdict
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from ghosts.exercises.catalogue.nothing_lost.case import PROCESSES, Process
from ghosts.exercises.catalogue.nothing_lost.observed import Missing, Observed
from ghosts.exercises.catalogue.nothing_lost.storage_client import Upload

LAST: Final = PROCESSES[-1].number


class Cause(Enum):
    """Why storage does not have a piece of audio, or not all of it."""

    SILENCE = auto()
    """Nothing is missing but silence."""
    CUT = auto()
    """A part of it is stored."""
    DID_NOT_FIT = auto()
    """``keep`` returned though the spool had refused it."""
    WITH_SESSION = auto()
    """It was removed when its session ended."""
    DISCARDED = auto()
    """It was in the folder and was removed from it, and no upload had it."""
    NEVER_SEEN = auto()
    """No upload had it, and the folder did not have it when a process ended."""
    WHEN_FULL = auto()
    """It was removed when ``keep`` was called with a full disk."""
    NOT_ON_DISK = auto()
    """It was never in the folder, and was lost with the memory of its process."""
    ALREADY_REMOVED = auto()
    """It was being uploaded when its process ended, and was not in the folder any more."""
    CANCELLED = auto()
    """It was removed when ``deliver`` was cancelled."""
    NOT_TAKEN_OVER = auto()
    """It stayed in the folder to the end, and the last process did not upload it."""
    GIVEN_UP = auto()
    """It was tried, without success, and not again."""
    TOO_LATE = auto()
    """It was tried until the end, or came so late that it was not tried."""


def causes_of(seen: Observed) -> Mapping[Cause, list[Missing]]:
    """Return what is missing by its cause. Audio like others says nothing of where it was."""
    audible = [each for each in seen.missing if not each.piece.conversation.silent]
    if seen.missing and not audible:
        return {Cause.SILENCE: seen.missing}
    by_cause: dict[Cause, list[Missing]] = defaultdict(list)
    for each in [each for each in audible if not each.piece.is_like_others] or audible:
        by_cause[_cause_of(each, seen)].append(each)
    return by_cause


def last_process(missing: Missing) -> Process:
    """Return the last process that had a piece when it began, or was sent it."""
    return PROCESSES[min(LAST, max([missing.piece.process, *(n + 1 for n in missing.on_disk)]))]


def _cause_of(missing: Missing, seen: Observed) -> Cause:
    if missing.bytes < missing.piece.size:
        return Cause.CUT
    if missing.piece.did_not_fit:
        return Cause.DID_NOT_FIT
    process = last_process(missing)
    tries = [each for each in missing.tries if each.process == process.number]
    if LAST in missing.on_disk:
        taken_over = tries or missing.piece.process == LAST
        return Cause.TOO_LATE if taken_over else Cause.NOT_TAKEN_OVER
    if missing.piece in seen.removed_with_session:
        return Cause.WITH_SESSION
    if missing.piece in seen.removed_when_full:
        return Cause.WHEN_FULL
    if missing.piece in seen.removed_at_stop:
        return Cause.CANCELLED
    if not missing.on_disk and not seen.writes_at_once and process.number != LAST:
        return Cause.NOT_ON_DISK
    if not missing.on_disk and not missing.tries:
        return Cause.NEVER_SEEN
    return _removed_in(process, tries) if tries else Cause.DISCARDED


def _removed_in(process: Process, tries: list[Upload]) -> Cause:
    ended = tries[-1].ended
    if ended is not None and ended < process.end:
        return Cause.GIVEN_UP
    return Cause.ALREADY_REMOVED
