"""Judges a lifecycle: which requirements hold, and which mistake is behind those that do not."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ghosts.exercises.answers import AsyncFunction, as_async_function
from ghosts.exercises.catalogue.the_lifecycle import (
    ending,
    gauge,
    kept,
    reasons,
    runs,
    serving,
)
from ghosts.exercises.catalogue.the_lifecycle.found import Finding, Runs
from ghosts.exercises.catalogue.the_lifecycle.observed import Run
from ghosts.exercises.catalogue.the_lifecycle.plans import PLANS, Plan
from ghosts.exercises.guarded import StuckError
from ghosts.exercises.outcome import Correct, Incorrect, Outcome, Requirement
from ghosts.notebook import progress

_STUCK: Final = "it returns to the event loop whenever it waits"
REQUIREMENTS: Final[Mapping[str, Callable[[Runs], Finding | None]]] = {
    "it starts the five tasks: what a device sends is stored or sent on": serving.not_started,
    "a healthy device stays connected, for over a day, and its audio is stored": serving.disturbed,
    "a session ends within 150 s of its device, also if no backend answers": ending.unbounded,
    "no task outlives its session": ending.orphaned,
    "the gauge is the number of sessions, at every moment": gauge.miscounted,
    "audio is stored, also if that takes 26 s when its device has left": kept.lost,
    "speaker samples and transcripts that are queued then are sent": kept.unsent,
    "no audio is lost when a loop raises an exception": kept.lost_in_a_crash,
    "a lifecycle that is cancelled ends with CancelledError": ending.swallowed,
    "the connection is closed with session.close(), on every way out": ending.not_closed,
}
"""What is required, the likelier cause of all others first."""


def judge(answer: object) -> Outcome:
    """Return whether an answer is a lifecycle that fulfils all requirements, and why not."""
    lifecycle = as_async_function(answer, "my_lifecycle", "session")
    if isinstance(lifecycle, Incorrect):
        return lifecycle
    try:
        done = dict(_runs(lifecycle))
    except StuckError as stuck:
        return Incorrect(*reasons.stuck(str(stuck))[:2], _table({}, stuck=True))
    findings = {words: examine(done) for words, examine in REQUIREMENTS.items()}
    failed = [finding for finding in findings.values() if finding is not None]
    table = _table({words: finding is None for words, finding in findings.items()}, stuck=False)
    if not failed:
        return Correct(*reasons.praise(done)[:2], table)
    cause = reasons.cause_of(done, failed)
    return Incorrect(cause.reason, cause.seen, table)


def _runs(lifecycle: AsyncFunction) -> Iterator[tuple[Plan, Run]]:
    total = sum(plan.scenario.duration for plan in PLANS)
    begun = 0.0
    with progress("check", total, after=0.5) as bar:

        def advance(second: float) -> None:
            bar(begun + second)

        for plan in PLANS:
            yield plan, runs.run(lifecycle, plan, advance)
            begun += plan.scenario.duration


def _table(met: Mapping[str, bool], *, stuck: bool) -> tuple[Requirement, ...]:
    return (
        Requirement(_STUCK, not stuck),
        *(Requirement(words, met.get(words)) for words in REQUIREMENTS),
    )
