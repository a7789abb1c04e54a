"""What a check says of a lifecycle as a whole: the likeliest cause, or what it has achieved."""

from ghosts.exercises.catalogue.the_lifecycle.found import Finding, Runs, seen_in
from ghosts.exercises.catalogue.the_lifecycle.observed import Raised, Run
from ghosts.exercises.catalogue.the_lifecycle.plans import (
    HANGING,
    LEFT_AT,
    PLANS,
    SLOW,
    UPLOAD_SECONDS,
    WORKING,
)


def stuck(words: str) -> Finding:
    """Return the finding on a lifecycle that does not return to the loop, or ends it."""
    because = (
        "While it does, no other session of the pod runs: in one event loop, everything that waits "
        "has to await."
    )
    if "were cancelled" in words:
        because = "Cancel the tasks of this session only; session.start() returns them."
    if "was raised" in words:
        because = "It ends the sessions of all other devices as well."
    return Finding(f"{words}. {because}", {"run": WORKING.words})


def praise(done: Runs) -> Finding:
    """Return what a right answer has achieved."""
    last, slow = done[HANGING].recording.last, done[SLOW]
    left = [each.ended or 0.0 for each in done[HANGING].ended]
    kept = slow.recording.audio.stored
    return Finding(
        f"with storage that never answers, the last session ended {max(left) - LEFT_AT:.0f} s "
        f"after its device, and the gauge reads {last.gauge} for {last.tcp} TCP connections; with "
        f"storage that takes {UPLOAD_SECONDS} s for an upload, all {kept:,} bytes were stored.",
        seen_in(done[HANGING]),
    )


def cause_of(done: Runs, failed: list[Finding]) -> Finding:
    """Return what is behind findings: the earliest of them, or an exception of that run.

    A time limit that ends the session of a connected device raises one as well; there the limit is
    the cause. What is raised when the pod is stopped comes of the cancellation.
    """
    earliest = min(failed, key=lambda finding: PLANS.index(finding.plan))
    run = done[earliest.plan]
    cut = {each.uid for each in run.cut}
    for each in () if run.plan.stopped else run.raised:
        if not each.of_the_loop and not (each.timeout and cut):
            return _exception(each, run, cut=each.uid in cut)
    return earliest


def _exception(each: Raised, run: Run, *, cut: bool) -> Finding:
    when = "while its device was connected" if cut else "after its device had left"
    where = f"{when}; {each.line}" if each.line else when
    return Finding(
        f"the lifecycle raised {each.words}, {where}. Nothing after it was run, "
        "except what is in a `finally`.",
        {**seen_in(run), "exception": each.words},
        run.plan,
    )
