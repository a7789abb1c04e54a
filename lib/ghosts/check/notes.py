"""What is worth knowing and is no finding: a service may mean it, or it harms nobody."""

import re
from collections.abc import Sequence
from typing import Final

from ghosts.check.confinement.audit import SideEffect
from ghosts.check.harm_to_devices import RETURNED
from ghosts.check.plan import Cell, Departure
from ghosts.check.result import CellResult, Harm, Symptom
from ghosts.check.world.sessions import ORDINARY_ENDS

ENDED: Final = (RETURNED, "received 1000")
"""How the reason begins of a session that the service has ended as usual."""
_AT_DEPARTURE: Final = 5.0
"""Seconds after the others have left in which their departure is taken for the reason."""
_CHOICES: Final = {
    Harm.CUT_OFF: "devices that stay are cut off",
    Harm.REFUSED: "new devices are refused",
    Harm.STARVED: "devices that stay get nothing any more",
}
_EXCEPTION: Final = re.compile(r"[A-Z]\w*: ")
"""How an exception in words begins, unlike a message without one."""
_STOP_SECONDS: Final = 30.0
"""What Kubernetes waits for after SIGTERM, unless told otherwise."""
AFTER_STOP: Final = {
    Harm.LEAKED: "sessions are still in memory after a stop, until the process ends",
    Harm.GAUGE: "a gauge is wrong after a stop, until the process ends",
}
"""What a stop may leave behind: it ends with the process."""


def choice(result: CellResult, symptom: Symptom, unanswered: Sequence[str]) -> str:
    """Return in words what a service may do on purpose; empty if it is nothing of that kind.

    It may let nobody in while a dependency fails, and it may end sessions, but not as others leave.
    """
    if _has_ended(symptom):
        return f"the service ends sessions of devices that stay: {symptom.detail}"
    name = result.cell.dependency
    if symptom.harm not in _CHOICES or not (name or unanswered):
        return ""
    fault = f"{name} fails" if name else f"nobody answers {' and '.join(unanswered)}"
    return f"while {fault}, {_CHOICES[symptom.harm]}"


def _has_ended(symptom: Symptom) -> bool:
    ended = symptom.harm is Harm.CUT_OFF and symptom.detail.startswith(ENDED)
    return ended and symptom.seconds > _AT_DEPARTURE


def ends_with_the_process(shown: Sequence[tuple[CellResult, Symptom]]) -> bool:
    """Return whether only a stop of the service leaves it behind, and nothing keeps that up."""
    return shown[0][1].harm in AFTER_STOP and all(
        result.cell.departure is Departure.STOP for result, _ in shown
    )


def never_returns(result: CellResult, symptom: Symptom) -> str:
    """Return what would happen if a call that only computes never returned."""
    line = f", at {symptom.chain[-1]}" if symptom.chain else ""
    return (
        f"{result.cell.dependency} was not seen to wait; if it never returned there would be: "
        f"{symptom.harm}{line}"
    )


def unhandled(result: CellResult) -> list[str]:
    """Return the exceptions that nothing in the service has handled, though nothing failed."""
    if result.cell.dependency is not None:
        return []
    return [
        f"unhandled: {text}"
        for text in result.exceptions
        if _EXCEPTION.match(text) and text.partition(":")[0] not in ORDINARY_ENDS
    ]


def effect_in_words(effect: SideEffect) -> str:
    """Return what the service has done to the machine, and where."""
    place = f" at {effect.place}" if effect.place else ""
    refused = ", which was refused" if effect.refused else ""
    return f"the service {effect.what}{place}{refused}"


def slow_stop(results: Sequence[CellResult]) -> tuple[str, list[Cell]]:
    """Return that the service takes too long to stop, and in which cells, the longest first.

    The text is empty if it does not.
    """
    took = {each.cell: each.stopped_after or 0.0 for each in results}
    slow = sorted(
        (cell for cell in took if took[cell] > _STOP_SECONDS), key=lambda cell: -took[cell]
    )
    if not slow:
        return "", []
    text = (
        f"the service takes {took[slow[0]]:.0f} s to stop: Kubernetes kills it after "
        f"{_STOP_SECONDS:g} s unless told otherwise"
    )
    return text, slow
