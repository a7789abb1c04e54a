"""Which symptoms have the same cause, and which are the consequence of others."""

from typing import Final

from ghosts.check.result import CellResult, Harm, Symptom
from ghosts.records.fault import FaultMode

_HELD: Final = (Harm.GHOST, Harm.ORPHAN, Harm.NEVER_STOPS, Harm.BLOCKED_THREAD)
_FOR_OTHERS: Final = ("asyncio.Lock", "asyncio.Semaphore", "asyncio.Condition", "asyncio.locks")
"""How waits begin that another session may be the cause of."""


def cause_of(symptom: Symptom) -> object:
    """Return what two symptoms of the same cause have in common.

    Tasks that are held in one function are held by one thing: it may wait for an answer in one
    cell, and for the rest of it in another; and a handler that is cancelled leaves the task as an
    orphan that it waits for otherwise.
    """
    line = symptom.chain[-1:]
    if symptom.harm in _HELD and line:
        return "held", line[0].file, line[0].function
    if symptom.harm in (Harm.HALF_OPEN, Harm.CUT_OFF, Harm.REFUSED):
        return symptom.harm
    if symptom.harm is Harm.BLOCKED_THREAD or not (line or symptom.created):
        return symptom.harm, symptom.detail
    return symptom.harm, line, symptom.created


def merge(
    causes: dict[object, list[tuple[CellResult, Symptom]]], waiters: dict[object, object]
) -> None:
    """Merge causes of which one cell shows that they are one.

    What only waits for a lock joins that which has the lock in another cell; and orphan tasks that
    one call has created are one, whatever each of them waits for.
    """
    creators: dict[object, object] = {}
    for cause, shown in list(causes.items()):
        symptoms = [symptom for _, symptom in shown]
        into = None
        if all(_waits_for_others(each) for each in symptoms):
            into = waiters.get(cause)
        elif symptoms[0].created and all(each.harm is Harm.ORPHAN for each in symptoms):
            into = creators.setdefault(symptoms[0].created, cause)
        if into != cause and into in causes:
            causes[into] += causes.pop(cause)


def other_ghosts(result: CellResult) -> list[Symptom]:
    """Return the ghosts of a cell that do not wait for something that another session may have."""
    return [
        each for each in result.symptoms if each.harm is Harm.GHOST and not _waits_for_others(each)
    ]


def _waits_for_others(symptom: Symptom) -> bool:
    return symptom.harm is Harm.GHOST and symptom.waits_for.startswith(_FOR_OTHERS)


def is_consequence(result: CellResult, symptom: Symptom) -> bool:
    """Return whether the ghosts of the same cell explain it, or the fault itself."""
    others = other_ghosts(result)
    if symptom.harm is Harm.GHOST:
        return _waits_for_others(symptom) and bool(others)
    if symptom.harm is Harm.BLOCKED_THREAD:
        return result.cell.mode is FaultMode.BLOCKS_THREAD or bool(others)
    if symptom.harm is Harm.LEAKED and result.count(Harm.STARVED):
        return not symptom.kept_by[0].startswith("module global")  # the task that waits keeps it
    waiting = result.count(Harm.GHOST) + result.count(Harm.BLOCKED_THREAD)
    return symptom.harm is Harm.NEVER_STOPS and waiting > 0
