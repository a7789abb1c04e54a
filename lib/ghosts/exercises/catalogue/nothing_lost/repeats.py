"""Rules for what is uploaded again: only what was not confirmed, and under the same id."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, TypeAlias

from ghosts.exercises.catalogue.nothing_lost.case import PROCESSES, SLOW_SECONDS
from ghosts.exercises.catalogue.nothing_lost.evidence import Audio, Evidence, audio_of
from ghosts.exercises.catalogue.nothing_lost.sent import Sent
from ghosts.exercises.catalogue.nothing_lost.storage_client import Upload

Again: TypeAlias = tuple[Upload, float, Upload]
"""A confirmed upload, when it ended, and the one after it of the same delivery."""
Content: TypeAlias = tuple[int, Sent]
"""What one process has uploaded."""

_JUST_CONFIRMED: Final = 1.0
"""Seconds before the end of a process: what is confirmed in these may be repeated."""
_BY_CHANCE: Final = 2
"""Repetitions in one process that are none, e.g. of an upload that was cancelled in between."""


def repeated(evidence: Evidence) -> str | None:
    """Refuse uploads of what storage has confirmed."""
    again = list(_again(evidence.seen.uploads))
    at_once = [each for each in again if each[2].began < each[1]]
    later = [each for each in again if each[2].began >= each[1]]
    same = [each for each in later if each[0].process == each[2].process]
    if len(at_once) > _BY_CHANCE:
        first, ended, second = at_once[0]
        return (
            f"a delivery was uploaded at {first.began:,.1f} s, and again at {second.began:,.1f} s, "
            f"while the first upload was going on: it ended at {ended:,.1f} s, and both were "
            "confirmed. A delivery may have one upload at a time, and a wait that is given up, as "
            "by `wait_for`, does not end its upload."
        )
    if len(same) > _BY_CHANCE:
        return _repeated_in_process(same, evidence.seen.uploads)
    if len(later) > len(same):
        first, ended, second = next(each for each in later if each not in same)
        end = PROCESSES[first.process].end
        return (
            f"an upload was repeated that had been confirmed at {ended:,.1f} s: the process ended "
            f"at {end:,.0f} s, and had not removed it, so the next one uploaded it at "
            f"{second.began:,.1f} s. Audio has to be removed when its upload has returned, before "
            "anything else is awaited."
        )
    return None


def _again(uploads: list[Upload]) -> Iterator[Again]:
    """Yield what was confirmed and uploaded again, unless its process ended just then."""
    confirmed: dict[str, tuple[Upload, float]] = {}
    for each in uploads:
        if each.delivery_id is None:
            continue
        if each.delivery_id in confirmed:
            first, ended = confirmed[each.delivery_id]
            if each.began >= ended or each.confirmed:
                yield first, ended, each
        if each.confirmed and each.ended is not None and not _ended_with_process(each, each.ended):
            confirmed[each.delivery_id] = each, each.ended


def _ended_with_process(upload: Upload, ended: float) -> bool:
    return ended > PROCESSES[upload.process].end - _JUST_CONFIRMED


def _repeated_in_process(again: list[Again], uploads: list[Upload]) -> str:
    shortest = min(ended - first.began for first, ended, _ in again)
    if shortest > SLOW_SECONDS / 2:
        return (
            f"{len(again):,} uploads were repeated after storage had confirmed them, and all of "
            f"these had taken {shortest:.0f} s or more. A wait that ends before, as that of "
            "`wait_for`, does not end the upload: only `deadline` does, and it has to be longer "
            "than an upload takes."
        )
    times = max(Counter(each.delivery_id for each in uploads if each.confirmed).values())
    if times > 5:
        return (
            f"the same delivery was confirmed {times} times: it is uploaded again and again, and "
            "what is behind it waits. spool.delivered(delivery) removes it."
        )
    _, ended, second = again[0]
    return (
        f"{len(again):,} uploads were repeated after storage had confirmed them: the first was "
        f"confirmed at {ended:,.1f} s, and the same process uploaded it again at "
        f"{second.began:,.1f} s. When clients.upload has returned, storage has the audio."
    )


def twice(evidence: Evidence) -> str | None:
    """Refuse audio that is stored more than once, because it was given more than one id."""
    seen = evidence.seen
    if not seen.twice:
        return _might_be_twice(seen.uploads)
    if any(each.delivery_id is None for each in seen.uploads):
        why = "the batches have no delivery id, so storage cannot know that it has them"
    else:
        why = _changed(_by_audio(seen.uploads)) or (
            "the process that is started after a kill gives the audio another delivery id, so "
            "storage cannot know that it has it. The id has to be on the disk, with the audio"
        )
    return (
        f"{seen.twice:,} bytes were stored twice: storage had done its work, its answer was lost, "
        f"and the upload was repeated. It has to be repeated, but {why}."
    )


def _might_be_twice(uploads: list[Upload]) -> str | None:
    same: dict[Content, list[Upload]] = defaultdict(list)
    for each in uploads:
        same[each.process, each.sent].append(each)
    why = _changed(same.values())
    return why and (
        f"an upload failed and was repeated, but {why}. It may have it: an answer that is lost "
        "looks like a failure."
    )


def _by_audio(uploads: list[Upload]) -> Iterable[list[Upload]]:
    of_audio: dict[Audio, list[Upload]] = defaultdict(list)
    for each in uploads:
        of_audio[audio_of(each)].append(each)
    return of_audio.values()


def _changed(attempts: Iterable[list[Upload]]) -> str | None:
    """Return how the id of audio changed in one process; None if it did not."""
    for tries in attempts:
        for before, after in pairwise(tries):
            if before.delivery_id != after.delivery_id:
                return _changed_between(before, after, tries)
    return None


def _changed_between(before: Upload, after: Upload, tries: list[Upload]) -> str:
    if len({each.delivery_id for each in tries}) == len(tries):
        return "each attempt has a new delivery id, so storage cannot know that it has the audio"
    return (
        f"its delivery id did not stay: it was {before.delivery_id!r} at {before.began:,.0f} s, "
        f"and {after.delivery_id!r} at {after.began:,.0f} s, so storage cannot know that it has "
        "the audio"
    )
