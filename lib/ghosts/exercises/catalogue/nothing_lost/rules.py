"""What is required of an answer, and the reason with which each requirement refuses one."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from ghosts.exercises.catalogue.nothing_lost import calls, losses, repeats
from ghosts.exercises.catalogue.nothing_lost.case import ROOM, ROOM_IN_WORDS
from ghosts.exercises.catalogue.nothing_lost.causes import Cause
from ghosts.exercises.catalogue.nothing_lost.evidence import Attempts, Evidence, Rule

IN_FOLDER: Final = "audio is kept in the folder that was given, and nowhere else"
HAS_ROOM: Final = f"there is room for {ROOM >> 20} MiB of audio"
OUTLIVES: Final = (
    "a process that began with an empty folder uploaded audio of the process before it. Only "
    "`folder` survives a process: a variable, an object or a file elsewhere does not."
)


def _reused(evidence: Evidence) -> str | None:
    of_id: Attempts = {}
    for each in evidence.seen.uploads:
        if each.delivery_id is None:
            continue
        first = of_id.setdefault(each.delivery_id, each)
        if (first.sent.key, first.sent.started_at) != (each.sent.key, each.sent.started_at):
            then = " It is used again by another process." if each.process > first.process else ""
            return (
                f"the delivery id {each.delivery_id!r} was given to different pieces of audio. "
                f"Storage took all but the first for a repetition.{then} An id has to be new, also "
                "in the next process."
            )
        if first.sent.audio != each.sent.audio:
            return (
                f"the delivery id {each.delivery_id!r} was used for {len(first.sent.audio):,} "
                f"bytes, and later for {len(each.sent.audio):,} bytes with the same start. Storage "
                "ignores an id that it has: what is sent under an id has to stay as it is."
            )
    return None


def _too_small(evidence: Evidence) -> str | None:
    smallest = min(evidence.seen.sizes, default=ROOM)
    if smallest >= ROOM:
        return None
    return (
        f"the spool has room for {smallest:,} bytes: max_bytes should be {ROOM_IN_WORDS} or "
        "more. In a longer outage keep would refuse audio."
    )


def _elsewhere(evidence: Evidence) -> str | None:
    seen = evidence.seen
    if seen.elsewhere:
        where = f"the spool {min(seen.elsewhere)!r} is not in the folder that was given"
    elif not (seen.folder_used or seen.lost or seen.ended_early):
        where = "audio outlived the process, and no file was in the folder that was given"
    else:
        return None
    return f"{where}. Of a pod nothing else survives: the next process may run on another machine."


def _wrong_name(evidence: Evidence) -> str | None:
    mistake = evidence.mistake
    if mistake is None or mistake.of_bytes:
        return None
    return (
        f"{mistake.words}. Batch(*key, started_at, audio, delivery_id) takes the key and the start "
        "that keep was called with."
    )


def _wrong_bytes(evidence: Evidence) -> str | None:
    mistake = evidence.mistake
    if mistake is None or not mistake.of_bytes:
        return None
    return f"{mistake.words}. Storage has to have each byte as it was kept, in the same order."


def _refused_and_kept(evidence: Evidence) -> str | None:
    stored = Counter((each.key, each.started_at) for each in evidence.seen.stored)
    again = [each for each, times in stored.items() if times > 1]
    if evidence.later_mistake is not None:
        words = evidence.later_mistake.words
    elif again and evidence.seen.refused.issuperset(again):
        words = f"audio of {again[0][0].uid} was stored {stored[again[0]]} times"
    else:
        return None
    return (
        f"{words}. It begins when the disk is full: keep has raised an exception and kept the "
        "audio all the same, and the device, which knows nothing of that, sends it again."
    )


def _lost(*causes: Cause) -> Rule:
    def rule(evidence: Evidence) -> str | None:
        for cause in causes:
            if evidence.causes.get(cause):
                return losses.REASONS[cause](evidence.causes[cause], evidence.seen)
        return None

    return rule


REQUIREMENTS: Final[Mapping[str, Rule]] = {
    "deliver goes on until the pod ends, and nothing raises an exception": calls.raised,
    "deliver ends when it is cancelled": calls.went_on,
    "no worker is blocked: each call has a deadline": calls.blocked,
    "uploads succeed while storage is slow": calls.too_short,
    "after a failure there is a pause": calls.no_pause,
    "a pause is shorter than 20 minutes": calls.long_pause,
    IN_FOLDER: _elsewhere,
    "audio is uploaded with its uid, its conversation_id and its start": _wrong_name,
    "the bytes that are uploaded are those that were kept": _wrong_bytes,
    "a delivery id is that of one piece of audio": _reused,
    "a delivery that was confirmed is not repeated": repeats.repeated,
    "each byte of it is stored": _lost(Cause.SILENCE, Cause.CUT),
    "keep raises an exception when the disk is full": _lost(Cause.DID_NOT_FIT, Cause.WHEN_FULL),
    HAS_ROOM: _too_small,
    "audio outlives its session": _lost(Cause.WITH_SESSION),
    "audio outlives an outage, however long": _lost(Cause.ALREADY_REMOVED, Cause.GIVEN_UP),
    "audio outlives a process that is killed": _lost(Cause.ALREADY_REMOVED, Cause.NOT_ON_DISK),
    "audio outlives a process that is stopped": _lost(Cause.CANCELLED),
    "audio that a process left is uploaded by the next one": _lost(Cause.NOT_TAKEN_OVER),
    "audio that keep refused is not kept": _refused_and_kept,
    "everything is stored in the end": _lost(Cause.DISCARDED, Cause.TOO_LATE, Cause.NEVER_SEEN),
    "everything is stored once": repeats.twice,
}
"""What is required, the likelier cause of all others first."""
