"""The reasons with which a lifecycle is refused that drops what a session has received."""

import math
from collections import Counter
from typing import Final

from ghosts.exercises.catalogue.the_lifecycle.found import Finding, Runs, seen_in
from ghosts.exercises.catalogue.the_lifecycle.observed import Run, Session
from ghosts.exercises.catalogue.the_lifecycle.plans import (
    BYTES_PER_SECOND,
    CRASH_AT,
    CRASHING,
    DRAIN_SECONDS,
    LONG,
    OTHERS_SECONDS,
    SLOW,
    UPLOAD_SECONDS,
    WORKING,
)


def lost(done: Runs) -> Finding | None:
    """Find that audio was dropped after a departure which storage would have taken."""
    for run in (done[WORKING], done[SLOW], done[LONG]):
        dropped = run.recording.audio.lost
        if dropped <= 0:
            continue
        words = f"{dropped:,} bytes of audio are lost"
        session = _first_that_lost(run)
        if session is not None:
            words += (
                f": the loops were cancelled {_after_departure(run, session):.0f} s after the "
                f"device had left. {_would_have(run, session)}"
            )
        return Finding(words, seen_in(run, "bytes lost", f"{dropped:,}"), run.plan)
    return None


def _departure(run: Run, session: Session) -> float:
    """Return when the service detected a departure: of a device that vanished, later."""
    return max(run.left[session.uid], session.input_ended or 0.0)


def _after_departure(run: Run, session: Session) -> float:
    return (session.ended or 0.0) - _departure(run, session)


def _after_leaving(run: Run) -> list[Session]:
    """Return the sessions that have ended after their device had left."""
    left = run.left
    return [each for each in run.ended if (each.ended or 0.0) >= left.get(each.uid, math.inf)]


def _first_that_lost(run: Run) -> Session | None:
    """Return the session that lost audio after its device had left, of several the first."""
    sent = {
        each.uid: (each.leaves_at - each.arrives_at) * BYTES_PER_SECOND
        for each in run.plan.scenario.plans()
        if each.leaves_at is not None
    }
    over = _after_leaving(run)
    losers = [each for each in over if run.stored.get(each.uid, 0) < sent.get(each.uid, math.inf)]
    return min(losers, key=lambda each: _after_departure(run, each), default=None)


def _would_have(run: Run, session: Session) -> str:
    drained = _after_departure(run, session)
    told = "First let the loops finish, then cancel."
    if run.plan is WORKING:
        return f"Storage would have taken them at once. {told}"
    if drained >= 1:
        late = session.told is None or session.told > _departure(run, session)
        told = "The loops were told too late." if late else "The bound of the drain is too short."
    connected = ""
    if run.plan is LONG:
        hours = (_departure(run, session) - session.began) / 3600
        connected = f"It had been connected for {hours:.0f} hours. "
    return (
        f"{connected}Storage needed {UPLOAD_SECONDS} s for an upload that was under way, and what "
        f"the device sent last was queued behind it: {DRAIN_SECONDS} s in all. {told}"
    )


def unsent(done: Runs) -> Finding | None:
    """Find that speaker samples or transcripts were dropped whose backend works."""
    run = done[WORKING]
    for loop, words in _OTHERS.items():
        received = _received(run, loop)
        sent = run.sent[loop]
        over = _after_leaving(run)
        dropped = {each.uid: received[each.uid] - sent.get(each.uid, 0) for each in over}
        losers = [each for each in over if dropped[each.uid] > 0]
        if losers:
            count = sum(dropped[each.uid] for each in losers)
            first = min(losers, key=lambda each: _after_departure(run, each))
            what = f"1 {words.removesuffix('s')} was" if count == 1 else f"{count} {words} were"
            return Finding(
                f"{what} dropped: the loops were cancelled "
                f"{_after_departure(run, first):.0f} s after the device had left, and "
                f"{_told(run, first, loop)}.",
                seen_in(run, f"{words} dropped", count),
                run.plan,
            )
    return None


_OTHERS: Final = {"speaker_samples": "speaker samples", "transcripts": "transcripts"}


def _received(run: Run, loop: str) -> Counter[str]:
    """Return by uid how much the service has received for a loop other than that of the audio."""
    if loop == "speaker_samples":
        asked = (each for each in run.recording.events if each.kind == "speaker_sample_asked")
        return Counter(each.who for each in asked)
    counts: Counter[str] = Counter()
    for device in run.plan.scenario.plans():
        every = device.group.transcript_every
        if every is not None and device.leaves_at is not None:
            counts[device.uid] = (device.leaves_at - device.arrives_at) // every
    return counts


def _told(run: Run, session: Session, loop: str) -> str:
    queued = "A speaker sample is queued for 120 s unless that event tells its loop to finish"
    if session.told is None:
        return f"the shutdown event was never set. {queued}"
    late = session.told - _departure(run, session)
    if late >= 1:
        return f"the shutdown event was set {late:.0f} s after it. {queued}"
    return f"it takes {OTHERS_SECONDS[loop]} s to send one. Wait for all loops, with one bound"


def lost_in_a_crash(done: Runs) -> Finding | None:
    """Find that the exception of a loop cost audio, which is another loop's."""
    run = done[CRASHING]
    dropped = run.recording.audio.lost
    sessions = [each for each in run.ended if run.plan.is_crashing(each.uid)]
    if dropped <= 0 or not sessions:
        return None
    loser = max(sessions, key=lambda each: _missing(run, each))
    seen = seen_in(run, "bytes lost", f"{dropped:,}")
    words = (
        f"{dropped:,} bytes of audio are lost when the {run.plan.loop_that_raises(loser.uid)} loop "
        "raises an exception: "
    )
    if _receives_after_shutdown(loser):
        return Finding(
            f"{words}the receive loop still ran when the shutdown event was set, and what it "
            "received from then on was never uploaded. Cancel it first, and wait until it has "
            "ended.",
            seen,
            run.plan,
        )
    after, what = (loser.ended or 0.0) - CRASH_AT, "that"
    if loser in _after_leaving(run):
        after, what = _after_departure(run, loser), "the device had left"
    return Finding(
        f"{words}the other loops were cancelled {after:.0f} s after {what}. What they have is to "
        f"be stored all the same: an upload was under way, and {DRAIN_SECONDS} s are enough.",
        seen,
        run.plan,
    )


def _missing(run: Run, session: Session) -> float:
    """Return the bytes that were sent until the receive loop ended, and are not stored."""
    device = next(each for each in run.plan.scenario.plans() if each.uid == session.uid)
    ends = (each for each in (device.leaves_at, session.input_ended) if each is not None)
    received = (min(ends, default=0.0) - device.arrives_at) * BYTES_PER_SECOND
    return received - run.stored.get(session.uid, 0)


def _receives_after_shutdown(session: Session) -> bool:
    if session.told is None:
        return False
    return session.input_ended is None or session.input_ended > session.told
