"""The reasons with which a lifecycle is refused whose gauge is not the number of sessions."""

from itertools import pairwise

from ghosts.exercises.catalogue.the_lifecycle.found import Finding, Runs, seen_in, way_of
from ghosts.exercises.catalogue.the_lifecycle.runs import (
    HANGING,
    LEFT_AT,
    STOPPING,
    WORKING,
    Run,
)
from ghosts.records.recording import Sample


def miscounted(done: Runs) -> Finding | None:
    """Find that the gauge was not the number of sessions, in two samples, 10 s apart."""
    for run in done.values():
        samples = list(zip(run.recording.samples, run.sessions, strict=True))
        for (before, sessions_before), (sample, sessions) in pairwise(samples):
            if before.gauge != sessions_before and sample.gauge != sessions:
                words = _miscount(run, sample, sessions)
                return Finding(words, seen_in(run, "sessions", sessions, sample), run.plan)
    return None


def _miscount(run: Run, sample: Sample, sessions: int) -> str:
    ended = sum(at < sample.t for at in run.ended.values())
    gauge, final = sample.gauge, run.recording.last
    if not ended and run.plan is not STOPPING and sample.t < LEFT_AT:
        if gauge == 0:
            return "the gauge was never raised: it reads 0 while devices are connected."
        if gauge < sessions:
            return f"the gauge was set, and not raised: it reads {gauge} for {sessions} sessions."
        return f"the gauge is raised more than once for a session: {gauge} for {sessions} sessions."
    if gauge > sessions:
        return _not_lowered(run, gauge - sessions, ended)
    if run.plan is HANGING and final.gauge == run.sessions[-1]:
        return (
            "the gauge is lowered before the session has ended: for as long as its tasks drain, a "
            f"session is not counted ({gauge} on the gauge, {sessions} sessions)."
        )
    if min(each.gauge for each in run.recording.samples) == 0 and sessions:
        return (
            f"the gauge was set to 0, and not lowered by one: it reads 0 while {sessions} other "
            "sessions go on."
        )
    return (
        f"the gauge is lowered more than once for a session: it reads {gauge} for {sessions} "
        "sessions. Each inc() needs exactly one dec(), on every way out."
    )


def _not_lowered(run: Run, missing: int, ended: int) -> str:
    if missing >= ended and run.plan is WORKING:
        return (
            f"the gauge is raised and never lowered: {missing} sessions have ended, and it still "
            "counts them. That is what the incident looked like from outside."
        )
    way = way_of(run)
    return (
        f"the gauge still counts {missing} sessions that have ended {way}: dec() has to run on "
        "every way out, so it belongs in a `finally`."
    )
