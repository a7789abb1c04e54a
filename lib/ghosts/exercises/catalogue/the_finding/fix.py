"""Judge a fix of the recorder: nothing is left behind, and it still does its work."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ghosts.check.check import Report
from ghosts.errors import GhostsError
from ghosts.exercises.answers import as_async_function, kind_of
from ghosts.exercises.catalogue.the_finding import conduct, counting, reported, work
from ghosts.exercises.catalogue.the_finding.recorder import GAUGE, STORAGE, checked, visited
from ghosts.exercises.catalogue.the_finding.storage import HOOKS
from ghosts.exercises.catalogue.the_finding.visits import Visits
from ghosts.exercises.outcome import Correct, Incorrect, Outcome, Requirement

_NOTHING_UPLOADED: Final = f"Nothing is uploaded any more: {STORAGE} is never called."


def judged(fix: object) -> Outcome:
    """Return whether a fix is right: a function in place of ``record``, or a whole service."""
    if callable(fix):
        function = as_async_function(fix, "fix", "session")
        if isinstance(function, Incorrect):
            return function
        fix = function
    elif not isinstance(fix, str | Path) or not str(fix).strip():
        return Incorrect(
            "fix should be an async function in place of record, or a file with the whole service, "
            f"and it is {kind_of(fix)}."
        )
    try:
        return _outcome(checked(fix), visited(fix))
    except GhostsError as error:
        return Incorrect(_refused(str(error)))


def _refused(text: str) -> str:
    """Return why a service cannot be checked, in words about the fix."""
    error = text.partition("; see --")[0]  # without the options of the command
    if error.startswith(f"no dependency {STORAGE!r}"):
        return _NOTHING_UPLOADED
    if error.startswith(f"no dependency {HOOKS!r}"):
        return f"The webhook is not told of anything any more: {HOOKS} is never called."
    if "no gauge" in error:
        return f"The gauge {GAUGE} is gone: nobody would see ghosts any more. {error}."
    if error.startswith("no device is let in"):
        return f"No device is let in any more: a service without sessions has no ghosts. {error}."
    if error.startswith("the service itself ends the session of every device"):
        return (
            "Every device is cut off although it stays: the handler returns before they leave. A "
            "limit around the whole session ends healthy ones as well."
        )
    if error.startswith("every device is cut off"):
        return f"The handler raises although no backend fails: {error}."
    if "blocks the event loop" in error:
        return f"All devices wait while one line keeps the event loop: {error}."
    if "simulated time does not pass" in error:
        return f"A task polls without a pause, and leaves no time for anything else: {error}."
    return f"The service cannot be checked: {error}."


@dataclass(frozen=True, slots=True)
class _Requirement:
    """A requirement, and what finds a fault in a report or in visits; either may be missing."""

    words: str
    in_report: Callable[[Report], Incorrect | None] = lambda report: None
    in_visits: Callable[[Visits], Incorrect | None] = lambda visits: None


_REQUIREMENTS: Final = (
    _Requirement("devices are let in, and the gauge counts them", reported.lets_in_and_counts),
    _Requirement(
        "no device is cut off, though it stay for a day",
        reported.keeps_connected,
        conduct.stays_connected,
    ),
    _Requirement("all audio is uploaded while storage works", in_visits=work.delivers),
    _Requirement("the webhook is told of all of it", in_visits=work.tells),
    _Requirement("ghosts check finds nothing", reported.leaves_nothing, conduct.comes_to_an_end),
    _Requirement(
        "each session ends in time",
        reported.drains_in_time,
        conduct.ends_soon,
    ),
    _Requirement("its tasks have ended when its handler has", in_visits=conduct.leaves_no_task),
    _Requirement("no session that has ended is in memory", in_visits=conduct.keeps_nothing),
    _Requirement("the gauge counts the handlers that run", in_visits=counting.counts),
    _Requirement("the service stops on SIGTERM", reported.stops),
)


def _outcome(report: Report, visits: Visits) -> Outcome:
    examined: list[Requirement] = []
    for requirement in _REQUIREMENTS:
        wrong = requirement.in_report(report) or requirement.in_visits(visits)
        if wrong is not None:
            rest = [Requirement(x.words, None) for x in _REQUIREMENTS[len(examined) + 1 :]]
            requirements = (*examined, Requirement(requirement.words, met=False), *rest)
            return Incorrect(wrong.reason, wrong.seen, requirements)
        examined.append(Requirement(requirement.words, met=True))
    stored = sum(each.stored for each in visits.visited)
    return Correct(
        f"ghosts check finds nothing in {len(report.results)} cells. And of {len(visits.visited)} "
        f"devices that leave in other ways, each session ends within "
        f"{conduct.slowest(visits.visited):.1f} s, and leaves no task and no count on the gauge. "
        "While storage hangs, audio is dropped at that bound: exercise 5 is about that.",
        {
            "audio in storage": f"{stored:,} of {sum(x.sent for x in visits.visited):,} bytes",
            "findings": len(report.findings),
        },
        tuple(examined),
    )
