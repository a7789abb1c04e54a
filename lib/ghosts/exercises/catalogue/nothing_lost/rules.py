"""What is required of an answer, and the reason with which each requirement refuses one."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

from ghosts.config import GHOST_AFTER, STORAGE_WORKERS
from ghosts.exercises.catalogue.nothing_lost import losses
from ghosts.exercises.catalogue.nothing_lost.case import (
    DAY,
    DISK_FULL,
    PROCESSES,
    SLOW,
    SLOW_SECONDS,
)
from ghosts.exercises.catalogue.nothing_lost.causes import Cause, causes_of
from ghosts.exercises.catalogue.nothing_lost.observed import Missing, Observed
from ghosts.exercises.catalogue.nothing_lost.running import STOP_SECONDS
from ghosts.exercises.catalogue.nothing_lost.sent import Mistake, first_mistake
from ghosts.exercises.catalogue.nothing_lost.storage_client import Upload
from ghosts.pusher.spool_file import Key


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was observed, the deadline it was observed with, and the causes of the losses."""

    seen: Observed
    deadline: float | None
    causes: Mapping[Cause, list[Missing]]
    mistake: Mistake | None
    """The first mistake of an upload that was tried before the disk was full."""
    later_mistake: Mistake | None
    """The first one since then."""

    @classmethod
    def of(cls, seen: Observed, deadline: float | None) -> Self:
        """Return what there is against an answer."""
        early = {each.sent: None for each in seen.uploads if each.began < DISK_FULL[0]}
        late = {each.sent: None for each in seen.uploads if each.sent not in early}
        mistake = first_mistake(early, seen.streams)
        later = first_mistake(late, seen.streams) if mistake is None else None
        return cls(seen, deadline, causes_of(seen), mistake, later)


_HURRIED: Final = 30, 10
"""Attempts at the same audio within seconds that are too many."""

Rule: TypeAlias = Callable[[Evidence], str | None]


def _raised(evidence: Evidence) -> str | None:
    failed, returned_at = evidence.seen.failed, evidence.seen.returned_at
    if failed is None and returned_at is not None:
        return (
            f"deliver returned at {returned_at:.0f} s. It has to go on for as long as the pod "
            "runs: audio comes later, too."
        )
    if failed is None:
        return None
    if failed.method == "keep" and failed.words.startswith("SpoolFullError"):
        return (
            f"keep raised {failed.words} at {failed.at:.0f} s, when the disk had room: the "
            f"max_bytes of the spool are too few; {failed.line}. They have to be enough for an "
            "outage."
        )
    catch = ": catch BackendError, keep the audio, and try again"
    after = {
        "deliver": "Nothing was uploaded by this process after it"
        + (catch if failed.words.startswith("BackendError") else ""),
        "keep": "The disk had room, and the audio was refused",
    }.get(failed.method, "The pod cannot go on without it")
    return f"{failed.method} raised {failed.words} at {failed.at:.0f} s; {failed.line}. {after}."


def _went_on(evidence: Evidence) -> str | None:
    at = evidence.seen.went_on_at
    if at is None:
        return None
    return (
        f"deliver was cancelled at {at} s, when the pod stopped, and {STOP_SECONDS} s later it had "
        "not ended. What catches CancelledError has to raise it again."
    )


def _blocked(evidence: Evidence) -> str | None:
    long = Counter(each.process for each in evidence.seen.uploads if _seconds(each) > GHOST_AFTER)
    if not long:
        return None
    blocked, deadline = max(long.values()), evidence.deadline
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
    first: dict[tuple[int, Key, float], Upload] = {}
    for each in uploads:
        before = first.setdefault(_audio_of(each), each)
        if before is not each and (before.ended is None or before.ended > each.began):
            return True
    return False


def _audio_of(upload: Upload) -> tuple[int, Key, float]:
    return upload.process, upload.sent.key, upload.sent.started_at


def _too_short(evidence: Evidence) -> str | None:
    deadline = evidence.deadline
    slow = [each for each in evidence.seen.uploads if SLOW[0] <= each.began < SLOW[1] - 60]
    if deadline is None or deadline > SLOW_SECONDS or any(each.confirmed for each in slow):
        return None
    return (
        f"no byte was stored in the 5 minutes in which storage took {SLOW_SECONDS:.0f} s for each "
        f"upload: a deadline of {deadline:g} s ends every one of them before its answer. It has to "
        "be longer than what is merely slow."
    )


def _no_pause(evidence: Evidence) -> str | None:
    began: dict[tuple[int, Key, float], list[float]] = defaultdict(list)
    for each in evidence.seen.uploads:
        times = began[_audio_of(each)]
        times.append(each.began)
        if len(times) > _HURRIED[0] and times[-1] - times[-_HURRIED[0]] < _HURRIED[1]:
            return (
                f"an upload that fails at once is tried again without a pause: {_HURRIED[0]} times "
                f"within {_HURRIED[1]} s, at {each.began:,.0f} s. That is load for a storage that "
                "has enough of it; sleep before the next attempt."
            )
    return None


def _reused(evidence: Evidence) -> str | None:
    of_id: dict[str, Upload] = {}
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


def _repeated(evidence: Evidence) -> str | None:
    confirmed = Counter(
        each.delivery_id
        for each in evidence.seen.uploads
        if each.confirmed and each.delivery_id is not None
    )
    again = max(confirmed.values(), default=0)
    if again <= 3:
        return None
    return (
        f"the same delivery was confirmed {again} times: it is uploaded again and again, and "
        "what is behind it waits. spool.delivered(delivery) removes it."
    )


def _too_small(evidence: Evidence) -> str | None:
    smallest = min(evidence.seen.sizes, default=DAY)
    if smallest >= DAY:
        return None
    return (
        f"the spool has room for {smallest:,} bytes: what comes in a day is {DAY:,}, and the disk "
        "has room for 1 GiB. In a longer outage keep would refuse audio."
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


def _twice(evidence: Evidence) -> str | None:
    seen = evidence.seen
    if not seen.twice:
        return None
    ids = {each.delivery_id for each in seen.uploads}
    ids_of: dict[tuple[int, Key, float], set[str | None]] = defaultdict(set)
    for each in seen.uploads:
        ids_of[_audio_of(each)].add(each.delivery_id)
    if None in ids:
        why = "the batches have no delivery id, so storage cannot know that it has them"
    elif any(len(ids) > 1 for ids in ids_of.values()):
        why = "each attempt has a new delivery id, so storage cannot know that it has the audio"
    else:
        why = (
            "the process that is started after a kill gives the audio another delivery id, so "
            "storage cannot know that it has it. The id has to be on the disk, with the audio"
        )
    return (
        f"{seen.twice:,} bytes were stored twice: storage had done its work, its answer was lost, "
        f"and the upload was repeated. It has to be repeated, but {why}."
    )


def _lost(*causes: Cause) -> Rule:
    def rule(evidence: Evidence) -> str | None:
        for cause in causes:
            if evidence.causes.get(cause):
                return losses.REASONS[cause](evidence.causes[cause], evidence.seen)
        return None

    return rule


REQUIREMENTS: Final[Mapping[str, Rule]] = {
    "deliver goes on until the pod ends, and nothing raises an exception": _raised,
    "deliver ends when it is cancelled": _went_on,
    "no worker is blocked: each call has a deadline": _blocked,
    "uploads succeed while storage is slow": _too_short,
    "after a failure there is a pause": _no_pause,
    "audio is kept in the folder that was given, and nowhere else": _elsewhere,
    "audio is uploaded with its uid, its conversation_id and its start": _wrong_name,
    "the bytes that are uploaded are those that were kept": _wrong_bytes,
    "a delivery id is that of one piece of audio": _reused,
    "a delivery that was confirmed is not repeated": _repeated,
    "each byte of it is stored": _lost(Cause.SILENCE, Cause.CUT),
    "keep raises an exception when the disk is full": _lost(Cause.DID_NOT_FIT),
    "the spool has room for a day of audio": _too_small,
    "audio outlives its session": _lost(Cause.WITH_SESSION),
    "audio outlives an outage, however long": _lost(Cause.ALREADY_REMOVED, Cause.GIVEN_UP),
    "audio outlives a process that is killed": _lost(Cause.ALREADY_REMOVED, Cause.NOT_ON_DISK),
    "audio outlives a process that is stopped": _lost(Cause.CANCELLED),
    "audio that a process left is uploaded by the next one": _lost(Cause.NOT_TAKEN_OVER),
    "audio that keep refused is not kept": _refused_and_kept,
    "everything is stored in the end": _lost(Cause.DISCARDED, Cause.TOO_LATE),
    "everything is stored once": _twice,
}
"""What is required, the likelier cause of all others first."""
