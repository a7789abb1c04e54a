"""The reasons with which a lifecycle is refused whose gauge is not the number of sessions."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from ghosts.exercises.catalogue.the_lifecycle.found import Finding, Runs, seen_in, way_of
from ghosts.exercises.catalogue.the_lifecycle.observed import Run, Session
from ghosts.exercises.catalogue.the_lifecycle.plans import WORKING
from ghosts.exercises.catalogue.the_lifecycle.watch import MOMENT


class _Span(NamedTuple):
    """A time in which the gauge was not the number of sessions."""

    at: float
    until: float
    gauge: float
    least: int
    """Sessions that had begun, without those of which nothing was left but their close()."""
    most: int
    """Sessions that had begun and not ended."""


def miscounted(done: Runs) -> Finding | None:
    """Find that the gauge was not the number of sessions, for longer than a moment."""
    for run in done.values():
        span = next(_miscounts(run), None)
        if span is not None:
            seen = {
                **seen_in(run, at=span.at),
                "at": f"{span.at:.0f} s",
                "gauge": f"{span.gauge:g}",
                "sessions": span.most,
            }
            return Finding(_in_words(run, span), seen, run.plan)
    return None


def _miscounts(run: Run) -> Iterator[_Span]:
    end = run.recording.last.t
    times = {at for at, _ in run.gauge}
    for each in run.sessions.values():
        moments = each.began, each.closing, each.closed, each.ended
        times |= {at for at in moments if at is not None}
    ordered = sorted(at for at in times if at < end)
    readings = dict(run.gauge)  # of one second the last
    gauge = 0.0
    for at, until in zip(ordered, [*ordered[1:], end], strict=True):
        gauge = readings.get(at, gauge)
        begun = [each for each in run.sessions.values() if each.began <= at]
        running = [each for each in begun if each.ended is None or each.ended > at]
        least = sum(not _only_closes(each, at) for each in running)
        if until - at > MOMENT and not least <= gauge <= len(running):
            yield _Span(at, until, gauge, least, len(running))


def _only_closes(session: Session, at: float) -> bool:
    """Return whether all that is left of a session is its close()."""
    if session.closing is None or session.closing > at:
        return False
    return session.closed is None or session.closed > at


def _in_words(run: Run, span: _Span) -> str:
    sessions = [each for each in run.sessions.values() if each.began <= span.at]
    low = span.gauge < span.least
    for each in sessions:
        words = _too_low(run, each, span) if low else _too_high(run, each, span)
        if words:
            return words
    return f"the gauge reads {_reads(span)}, at {span.at:.0f} s."


def _reads(span: _Span) -> str:
    return f"{span.gauge:g} for {span.most} session{'s' * (span.most != 1)}"


def _too_low(run: Run, session: Session, span: _Span) -> str:
    over = session.ended is not None and session.ended <= span.at
    counted = session.counted(span.at)
    if counted == 1 - over:
        return ""
    sessions = f"it reads {_reads(span)}"
    last = [each for each in session.changes if each.at <= span.at][-1:]
    if session.changes and session.changes[0].by_set:
        return f"the gauge was set, and not raised: {sessions}."
    if last and last[0].by_set:
        return f"the gauge was set, and not lowered by one: {sessions}."
    raised = next((each.at for each in session.changes if each.by > 0), None)
    if raised is None:
        return (
            f"the gauge was never raised for a session: {sessions}. Call session.gauge.inc() in "
            "the first step of the lifecycle."
        )
    if over or session.counted(math.inf) < 0:
        return (
            f"the gauge is lowered more than once for a session: {sessions}. Each inc() needs "
            "exactly one dec(), on every way out."
        )
    if raised > span.at:
        return f"the gauge is raised {raised - session.began:.3g} s after the session began."
    return _lowered_early(session, last[0].at, sessions)


def _lowered_early(session: Session, at: float, sessions: str) -> str:
    ended = "and has not ended yet"
    if session.ended is not None:
        ended = f"and ended {session.ended - at:.3g} s later"
    return (
        f"the gauge is lowered before the session has ended: {sessions}. A session was no longer "
        f"counted at {at:.0f} s, {ended}. Lower it when nothing is left to do but close()."
    )


def _too_high(run: Run, session: Session, span: _Span) -> str:
    over = session.ended is not None and session.ended <= span.at
    counted = session.counted(span.at)
    if counted <= 1 - over:
        return ""
    if not over or counted > 1:
        return f"the gauge is raised more than once for a session: it reads {_reads(span)}."
    later = next((each.at for each in session.changes if each.at > span.at and each.by < 0), None)
    if later is not None and session.ended is not None:
        return (
            f"the gauge is lowered {later - session.ended:.3g} s after the session has ended: "
            "until then it still counts the session."
        )
    missing = span.gauge - span.most
    lowered = any(change.by < 0 for each in run.sessions.values() for change in each.changes)
    if not lowered and run.plan is WORKING:
        return (
            f"the gauge is raised and never lowered: {missing:g} sessions have ended, and it "
            "still counts them. That is what the incident looked like from outside."
        )
    return (
        f"the gauge still counts {missing:g} session{'s' * (missing != 1)} that ended "
        f"{way_of(run, session.uid)}: dec() has to run on every way out, so it belongs in a "
        "`finally`."
    )
