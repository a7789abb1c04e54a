"""What to do about a finding on a fix of the recorder, in words."""

import re
from pathlib import Path
from typing import Final

from ghosts.check.findings import Finding
from ghosts.check.report.words import headline
from ghosts.check.result import Harm, Place
from ghosts.exercises.catalogue.the_finding.recorder import original
from ghosts.exercises.outcome import Seen

_TRICKLES: Final = "trickles"
_GAUGE_TOO_LOW: Final = "Raise it right before the try whose finally lowers it, once each."
_GAUGE_TOO_HIGH: Final = (
    "The line that lowers it is not run in each session. It belongs in a finally; and what is "
    "awaited there before it may raise, as gather() of cancelled tasks does without "
    "return_exceptions=True."
)
_OTHERS: Final = {
    Harm.LEAKED: "Something refers to each session after its end: remove it there, in a finally.",
    Harm.SPINS: "Something computes or sleeps without returning to the event loop.",
    Harm.BLOCKED_THREAD: "Cancelling the task that awaits a thread does not end the thread.",
}


def in_words(finding: Finding, gauge_error: float) -> str:
    """Return the headline of a finding, and what its cause is or what to change.

    ``gauge_error`` is by how much the gauge reads too high in the finding's cell.
    """
    return f"{headline(finding)}. {_advice(finding, gauge_error)}".rstrip()


def _advice(finding: Finding, gauge_error: float) -> str:
    match finding.harm:
        case Harm.GAUGE:
            return _GAUGE_TOO_HIGH if gauge_error > 0 else _GAUGE_TOO_LOW
        case Harm.GHOST:
            return _on_ghosts(finding)
        case Harm.ORPHAN:
            return _on_orphans(finding)
    return _OTHERS.get(finding.harm, "")


def _on_ghosts(finding: Finding) -> str:
    chain = finding.symptom.chain
    if finding.cell.mode == _TRICKLES:
        return (
            "A timeout of the client is for each read, and never expires on an answer that comes a "
            "byte at a time. Bound the whole call, or the drain."
        )
    if long := _long_bound(chain):
        return (
            f"The bound of {long:g} s is longer than the 150 s after which a session is a ghost. A "
            "longer timeout only delays the harm."
        )
    if _as_before(chain):
        return (
            "It is the chain of the original, line by line: the call neither returns nor raises, "
            "so whatever would handle its errors is not reached."
        )
    if chain and re.search(r"thread|executor", chain[-1].source):
        return (
            "The upload occupies a worker thread now, in which nothing bounds it either: "
            "cancelling the task that awaits a thread does not end the thread."
        )
    if len(chain) > 1:
        return (
            f"The handler still awaits an answer of {finding.cell.dependency} without a bound, and "
            "the gauge is only lowered after that."
        )
    return "The handler has not ended, and what it awaits there has no bound."


def _on_orphans(finding: Finding) -> str:
    if "cancelled" in finding.symptom.detail:
        return (
            "A task was cancelled and goes on: something in it catches the cancellation. Let "
            "CancelledError through."
        )
    created = finding.symptom.created
    whose = f"that {created[-1].function} has created" if created else "of the session"
    return (
        f"The handler has returned, and a task {whose} runs on. End it: cancel it and await it, or "
        "give it a bound of its own."
    )


def _as_before(chain: tuple[Place, ...]) -> bool:
    """Return whether a chain of the whole service is that of the original."""
    before = original().findings[0].symptom.chain
    return [(each.file, each.source) for each in chain] == [
        (each.file, each.source) for each in before
    ]


def _long_bound(chain: tuple[Place, ...]) -> float | None:
    """Return a number in the lines of a chain that is a bound of more than 150 s, if there is."""
    numbers = (float(text) for each in chain for text in re.findall(r"(?<![\w.])\d+", each.source))
    return next((number for number in numbers if number > 150), None)


def lines_of(finding: Finding) -> Seen:
    """Return where a finding is suspended, or else where it was created, for the table."""
    places = finding.symptom.chain or finding.symptom.created
    name = "suspended" if finding.symptom.chain else "created"
    lines = (f"{Path(each.file).name}:{each.line}: {each.source}" for each in places)
    return {name: "\n".join(lines)} if places else {}
