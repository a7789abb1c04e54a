"""The reasons with which a lifecycle is refused that does not serve a connected device."""

import math
from collections.abc import Iterable
from typing import Final

from ghosts.exercises.catalogue.the_lifecycle.found import Finding, Runs, listed, seen_in
from ghosts.exercises.catalogue.the_lifecycle.observed import Run, Session
from ghosts.exercises.catalogue.the_lifecycle.plans import (
    BYTES_PER_SECOND,
    HANGING,
    LONG,
    NOTHING_ANSWERS,
    STAYS_A_DAY,
    WORKING,
)

_BEHIND: Final = 130
"""Seconds of audio of a connected device that may be unsent: a chunk, and a batch that is due."""


def not_started(done: Runs) -> Finding | None:
    """Find that nothing was received, or that nothing of a kind was passed on."""
    run = done[WORKING]
    audio = run.recording.audio
    if run.ended and max(each.ended - each.began for each in run.ended if each.ended) < 1:
        return Finding(
            "the lifecycle returned at once, and with it each device was cut off after 0 s. It has "
            "to start the tasks of the session, and to wait for them.",
            seen_in(run, "devices cut off", len(run.ended)),
        )
    if not audio.received:
        return Finding(
            "no audio was received: the receive loop never ran. session.start() starts all five "
            "tasks of a session, and returns them.",
            seen_in(run, "audio received", "0 bytes"),
        )
    if run.cut:
        return None
    idle = [loop for loop, requests in run.sent.items() if not requests]
    if not audio.stored:
        idle.insert(0, "private_cloud")
    if not idle:
        return None
    told = _told_early(run)
    if told is not None:
        return told
    verb = "does" if len(idle) == 1 else "do"
    return Finding(
        f"audio is received, and {listed(_NOTHING[loop] for loop in idle)}: the task"
        f"{'s' * (len(idle) > 1)} {listed(idle)} {verb} not run.",
        seen_in(run, "audio stored", f"{audio.stored:,} bytes"),
    )


def _told_early(run: Run) -> Finding | None:
    """Find that the loops were told to finish while the device was connected."""
    left = run.left
    for each in run.sessions.values():
        if each.told is not None and each.told < left.get(each.uid, math.inf):
            return Finding(
                f"the shutdown event was set {each.told - each.began:.0f} s after the session "
                "began, while its device was connected. It tells the loops to finish and return, "
                "so what the device sends from then on is not stored or sent on.",
                seen_in(run, at=each.told),
                run.plan,
            )
    return None


_NOTHING: Final = {
    "private_cloud": "none is uploaded",
    "transcripts": "no transcript is sent",
    "speaker_samples": "no speaker sample is sent",
}


def disturbed(done: Runs) -> Finding | None:
    """Find that devices were cut off which had not left, or that their audio was not stored."""
    for run in done.values():
        if run.cut:
            return _cut_off(run, run.cut)
    for run in (done[WORKING], done[LONG]):
        finding = _not_stored(run)
        if finding is not None:
            return finding
    return None


def _not_stored(run: Run) -> Finding | None:
    end = run.plan.scenario.duration
    if run.plan is LONG:
        sent = {STAYS_A_DAY: (end // 240) * 10 * BYTES_PER_SECOND}
    else:
        staying = (device for device in run.plan.scenario.plans() if device.leaves_at is None)
        sent = {each.uid: (end - each.arrives_at) * BYTES_PER_SECOND for each in staying}
    for uid, size in sent.items():
        kept = run.stored.get(uid, 0)
        if kept < size - _BEHIND * BYTES_PER_SECOND:
            by = "" if run.plan is LONG else ", with the session of another device or"
            return _told_early(run) or Finding(
                "a device that stayed connected was still served, and its audio was no longer "
                f"stored: {kept:,} of {size:,} bytes. Its upload loop was ended{by} by a limit of "
                "its own.",
                seen_in(run, "audio stored of a device that stayed", f"{kept:,} bytes"),
                run.plan,
            )
    return None


def _cut_off(run: Run, cut: list[Session]) -> Finding:
    ages = {each.uid: each.ended - each.began for each in cut if each.ended is not None}
    first = min(ages.values())
    count = f"{len(cut)} healthy device{'s were' if len(cut) > 1 else ' was'} cut off"
    seen = seen_in(run, "healthy devices cut off", f"{len(cut)}, the first after {first:.0f} s")
    limits = [each for each in run.raised if each.timeout and each.uid in ages]
    with_another = [] if limits else [at for at in map(_end, cut) if at in _other_ends(run, cut)]
    if with_another:
        return Finding(
            f"{count} when the session of another device ended, at {with_another[0]:.0f} s. "
            "Sessions share nothing: clean up the tasks of this session only.",
            seen,
            run.plan,
        )
    if run.plan in (HANGING, NOTHING_ANSWERS) and not limits:
        backend = "storage" if run.plan is HANGING else "a backend"
        return Finding(
            f"{count} after {first:.0f} s, because {backend} did not answer. A session lasts as "
            "long as its device, whatever a backend does.",
            seen,
            run.plan,
        )
    how = f" ({limits[0].line})" if limits and limits[0].line else ""
    return Finding(
        f"{count} after {_long(first)}: a time limit of the lifecycle runs while the device is "
        f"connected{how}. Only what follows the departure needs a limit.",
        seen,
        run.plan,
    )


def _end(session: Session) -> float:
    assert session.ended is not None
    return round(session.ended, 1)


def _other_ends(run: Run, cut: Iterable[Session]) -> set[float]:
    uids = {each.uid for each in cut}
    return {_end(each) for each in run.ended if each.uid not in uids}


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 7200 else f"{seconds:,.0f} s ({seconds / 3600:.3g} h)"
