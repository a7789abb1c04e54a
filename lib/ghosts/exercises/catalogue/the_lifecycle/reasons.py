"""The reasons with which a lifecycle is refused: one for each mistake, with what was seen."""

import math
from itertools import pairwise

from ghosts.config import GHOST_AFTER
from ghosts.exercises.catalogue.the_lifecycle.found import (
    Finding,
    Runs,
    name_of,
    place_of,
    seen_in,
    way_of,
)
from ghosts.exercises.catalogue.the_lifecycle.runs import (
    CRASHING,
    DRAIN_SECONDS,
    HANGING,
    LEFT_AT,
    PLANS,
    SLOW,
    STOPPING,
    UPLOAD_SECONDS,
    WORKING,
    Raised,
    Run,
)


def stuck(words: str) -> Finding:
    """Return the finding on a lifecycle that does not return to the loop."""
    return Finding(
        f"{words}. While it does, no other session of the pod runs: in one event loop, everything "
        "that waits has to await.",
        {"run": WORKING.words, "every task of the pod": "stands still"},
    )


def praise(done: Runs) -> Finding:
    """Return what a right answer has achieved."""
    last, slow = done[HANGING].recording.last, done[SLOW]
    ended = max(done[HANGING].ended.values()) - LEFT_AT
    kept = slow.recording.audio.stored
    return Finding(
        f"with storage that never answers, the last session ended {ended:.0f} s after its device, "
        f"and the gauge reads {last.gauge} for {last.tcp} TCP connections; with storage that takes "
        f"{UPLOAD_SECONDS} s for an upload, all {kept:,} bytes were stored.",
        seen_in(done[HANGING]),
    )


def cause_of(done: Runs, failed: list[Finding]) -> Finding:
    """Return what is behind findings: an exception of the lifecycle, or else the earliest of them.

    A time limit that ends the session of a connected device raises one as well; there the limit is
    the cause.
    """
    for run in done.values():
        for each in run.raised:
            if not each.of_the_loop and not (each.timeout and run.cut):
                return _exception(each, run)
    return min(failed, key=lambda finding: PLANS.index(finding.plan))


def _exception(each: Raised, run: Run) -> Finding:
    if each.uid in run.cut:
        when, after = "while its device was connected", "No line after it was run."
    else:
        when = "after its device had left"
        after = "No line after it was run, nor any clean-up that is not in a `finally`."
    words = f"the lifecycle raised {each.words}, {when}; {each.line}. {after}"
    return Finding(words, {**seen_in(run), "exception": each.words}, run.plan)


def not_started(done: Runs) -> Finding | None:
    """Find that no audio was received, or none of it stored."""
    run = done[WORKING]
    audio = run.recording.audio
    if run.ended and max(run.ended.values()) < 1:
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
    if not audio.stored and not run.cut:
        return Finding(
            "audio is received, and none is uploaded: the task private_cloud does not run.",
            seen_in(run, "audio stored", "0 bytes"),
        )
    return None


def disturbed(done: Runs) -> Finding | None:
    """Find that devices were cut off which had not left, or that their audio was not stored."""
    for run in (done[WORKING], done[HANGING], done[SLOW]):
        if run.cut:
            return _cut_off(run)
    run = done[WORKING]
    received = run.plan.scenario.duration * 1600
    kept = min(run.stored.get(f"stays-{number:03}", 0) for number in range(3))
    if kept < received * 0.8:
        return Finding(
            "a device that stayed connected was still served, and its audio was no longer stored: "
            f"{kept:,} of {received:,} bytes. Its upload loop was ended, with the session of "
            "another device or by a limit of its own.",
            seen_in(run, "audio stored of a device that stayed", f"{kept:,} bytes"),
        )
    return None


def _cut_off(run: Run) -> Finding:
    cut = run.cut
    first = min(cut.values())
    count = f"{len(cut)} healthy device{'s were' if len(cut) > 1 else ' was'} cut off"
    seen = seen_in(run, "healthy devices cut off", f"{len(cut)}, the first after {first:.0f} s")
    if first >= LEFT_AT:
        return Finding(
            f"{count} when another device left, at {first:.0f} s. Sessions share nothing: clean up "
            "the tasks of this session only.",
            seen,
            run.plan,
        )
    if run.plan is HANGING:
        return Finding(
            f"{count} after {first:.0f} s, because storage did not answer. A session lasts as long "
            "as its device, whatever a backend does.",
            seen,
            run.plan,
        )
    limits = [each for each in run.raised if each.timeout]
    how = f" ({limits[0].line})" if limits and limits[0].line else ""
    return Finding(
        f"{count} after {first:.0f} s: a time limit of the lifecycle runs while the device is "
        f"connected{how}. Only what follows the departure needs a limit.",
        seen,
        run.plan,
    )


def unbounded(done: Runs) -> Finding | None:
    """Find that sessions have not ended long after their devices have left."""
    for run in (done[each] for each in PLANS):
        if not run.handlers:
            continue
        handler = run.handlers[0]
        what = "the pod was stopped" if run.plan is STOPPING else "its device had left"
        words = (
            f"{len(run.handlers)} of {len(run.recording.times('session_opened'))} sessions had not "
            f"ended {GHOST_AFTER:.0f} s after {what}. The lifecycle still waits "
            f"{place_of(handler)}"
        )
        seen = {**seen_in(run), "handler": place_of(handler)}
        stuck = [each for each in run.tasks if each.innermost is not None]
        if stuck:
            words += f", and {name_of(stuck[0])} never returns"
            seen[name_of(stuck[0])] = place_of(stuck[0])
        return Finding(f"{words}. {_unbounded_because(run)}", seen, run.plan)
    return None


def _unbounded_because(run: Run) -> str:
    if run.plan is STOPPING:
        return "A cancelled handler has to end: do not swallow its CancelledError and go on."
    if run.plan is CRASHING:
        return "A loop that has raised an exception never does what is waited for."
    return "What follows a departure needs a bound; then cancel what is left."


def orphaned(done: Runs) -> Finding | None:
    """Find that tasks outlived their session, in two samples, 10 s apart."""
    for run in done.values():
        both = pairwise(run.recording.samples)
        worst = max((min(a.orphans, b.orphans) for a, b in both), default=0)
        if worst:
            names = sorted({name_of(each) for each in run.orphans})
            return Finding(
                f"{worst} tasks outlived their session: {', '.join(names)}. The lifecycle ended "
                f"{way_of(run)} and left them running; it has to cancel what is left, and to wait "
                "until that has ended.",
                {**seen_in(run), "orphan tasks": worst, names[0]: place_of(run.orphans[0])},
                run.plan,
            )
    return None


def lost(done: Runs) -> Finding | None:
    """Find that audio was dropped which storage would have taken."""
    for run in (done[WORKING], done[SLOW]):
        dropped = run.recording.audio.lost
        left = run.recording.times("device_left")
        drained = [at - left[uid] for uid, at in run.ended.items() if at >= left.get(uid, math.inf)]
        if dropped > 0:
            first = min(drained, default=0.0)
            return Finding(
                f"{dropped:,} bytes of audio are lost: the loops were cancelled {first:.0f} s "
                f"after the device had left. {_would_have(run, first)}",
                seen_in(run, "bytes lost", f"{dropped:,}"),
                run.plan,
            )
    return None


def _would_have(run: Run, drained: float) -> str:
    if run.plan is WORKING:
        return "Storage would have taken them at once: first let the loops finish, then cancel."
    told = drained < DRAIN_SECONDS
    return (
        f"Storage needed {UPLOAD_SECONDS} s for each of two uploads, one of them under way: "
        f"{DRAIN_SECONDS} s in all. "
        + ("The bound of the drain is too short." if told else "The loops were told too late.")
    )


def not_closed(done: Runs) -> Finding | None:
    """Find that sessions ended without session.close()."""
    run = done[WORKING]
    missing = run.ended.keys() - run.closed
    if not missing:
        return None
    return Finding(
        f"{len(missing)} of {len(run.ended)} sessions ended without `await session.close()`. It "
        "closes the connection within 3 s, also if the device does not read.",
        seen_in(run, "sessions that called close()", len(run.closed)),
    )
