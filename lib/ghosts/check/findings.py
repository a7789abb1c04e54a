"""What is wrong with a service: the symptoms of all cells, those of one cause as one finding."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ghosts.check.autopsy import RETURNED
from ghosts.check.confinement.audit import SideEffect
from ghosts.check.plan import Cell, Departure, Dependency, Protocol
from ghosts.check.result import CellResult, Harm, Place, Symptom
from ghosts.check.world.sessions import ORDINARY_ENDS
from ghosts.records.fault import FaultMode


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for handlers, with where it is explained."""

    number: int
    title: str
    notebook: str

    @property
    def page(self) -> str:
        """Its place in the documentation."""
        anchor = "".join(each for each in self.title.lower() if each.isalnum() or each == " ")
        return f"docs/rules.md#{self.number}-{anchor.replace(' ', '-')}"


_DRAIN: Final = Rule(3, "Bound the drain", "notebooks/03_the_fix.ipynb")
RULES: Final = {
    Harm.GHOST: _DRAIN,
    Harm.HALF_OPEN: Rule(4, "Bound the silence", "notebooks/04_lab.ipynb"),
    Harm.ORPHAN: Rule(6, "Name and track every task", "notebooks/05_async_tasks.ipynb"),
    Harm.LEAKED: Rule(
        10,
        "Keep nothing per connection in a process-wide dict without its cleanup",
        "notebooks/06_how_the_fix_grew.ipynb",
    ),
    Harm.GAUGE: Rule(
        5, "Pair the gauge in `try` and `finally`", "notebooks/06_how_the_fix_grew.ipynb"
    ),
    Harm.BLOCKED_THREAD: Rule(
        7, "Bound every call that occupies a worker", "notebooks/07_nothing_lost.ipynb"
    ),
    Harm.NEVER_STOPS: _DRAIN,
}
"""The rule that each harm breaks; a harm that is not in it breaks none of them."""

_ORDER: Final = {harm: place for place, harm in enumerate(Harm)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cause: where it is, what it does, and the cells that show it, the smallest first."""

    harm: Harm
    symptom: Symptom
    count: int
    devices: int
    cells: tuple[Cell, ...]
    also: tuple[str, ...] = ()
    """What else the same cause does, in words."""
    unanswered: tuple[str, ...] = ()
    """Dependencies that nobody answers, in any cell."""

    def fault_in_words(self) -> str:
        """Return what fails in its smallest cell."""
        if self.cell.dependency is None and self.unanswered:
            return f"{' and '.join(self.unanswered)} not answered"
        return self.cell.in_words()

    def __repr__(self) -> str:
        from ghosts.check.report.words import headline

        return f"<{headline(self)}{f', at {self.line}' if self.line else ''}>"

    @property
    def rule(self) -> Rule | None:
        """The rule that it breaks, if it is one of ours."""
        return RULES.get(self.harm)

    @property
    def line(self) -> Place | None:
        """The line that it is held at, or that began it."""
        if self.symptom.chain:
            return self.symptom.chain[-1]
        return self.symptom.created[-1] if self.symptom.created else None

    @property
    def cell(self) -> Cell:
        """The smallest cell that shows it, which ``--only`` replays."""
        return self.cells[0]


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth knowing that is no finding, and the cells that show it."""

    text: str
    cells: tuple[Cell, ...]


def find(
    results: Sequence[CellResult], dependencies: Sequence[Dependency] = ()
) -> tuple[list[Finding], list[Note]]:
    """Return the findings, the worst first, and the notes."""
    causes: dict[object, list[tuple[CellResult, Symptom]]] = {}
    waiters: dict[object, object] = {}
    notes: dict[str, list[Cell]] = {}
    unanswered = tuple(each.name for each in dependencies if each.protocol is Protocol.UNKNOWN)
    computing = {each.name for each in dependencies if not each.waits}
    for result in sorted(results, key=lambda each: _size(each.cell)):
        for symptom in result.symptoms:
            if _is_consequence(result, symptom):
                if symptom.harm is Harm.GHOST:
                    waiters[_cause(symptom)] = _cause(_other_ghosts(result)[0])
                continue
            if result.cell.dependency in computing:
                notes.setdefault(_never_returns(result, symptom), []).append(result.cell)
            elif _is_choice(result, symptom, unanswered):
                notes.setdefault(_note(result, symptom, unanswered), []).append(result.cell)
            else:
                causes.setdefault(_cause(symptom), []).append((result, symptom))
        # What has no place in the service's code may be what a library, or the check, does.
        effects = [each for each in result.side_effects if each.place or each.refused]
        for text in (*result.notes, *map(_in_words, effects)):
            notes.setdefault(text, []).append(result.cell)
    for cause, shown in list(causes.items()):
        if _ends_with_the_process(shown):
            cells = [result.cell for result, _ in causes.pop(cause)]
            notes.setdefault(_AFTER_STOP[shown[0][1].harm], []).extend(cells)
    _merge(causes, waiters)
    findings = [_finding(shown, unanswered) for shown in causes.values()]
    findings.sort(key=lambda each: (_ORDER[each.harm], _size(each.cell)))
    told = {finding.cell for finding in findings}
    for result in results:
        for text in () if result.cell in told else _raised(result):
            notes.setdefault(text, []).append(result.cell)
    first = [Note(_UNANSWERED.format(name), ()) for name in unanswered]
    return findings, first + [Note(text, tuple(cells)) for text, cells in notes.items()]


_UNANSWERED: Final = (
    "{0} is not answered, for it speaks no HTTP, and so some of the service was not tried: give a "
    "stub of it, --stub {0}=MODULE:FUNCTION, or a real server on loopback, --allow {0}"
)


def _never_returns(result: CellResult, symptom: Symptom) -> str:
    """Return what would happen if a call that only computes never returned."""
    line = f", at {symptom.chain[-1]}" if symptom.chain else ""
    return (
        f"{result.cell.dependency} was not seen to wait; if it never returned there would be: "
        f"{symptom.harm}{line}"
    )


def _in_words(effect: SideEffect) -> str:
    place = f" at {effect.place}" if effect.place else ""
    refused = ", which was refused" if effect.refused else ""
    return f"the service {effect.what}{place}{refused}"


_EXCEPTION: Final = re.compile(r"[A-Z]\w*: ")
"""How an exception in words begins, unlike a message without one."""
_AFTER_STOP: Final = {
    Harm.LEAKED: "sessions are still in memory after a stop, until the process ends",
    Harm.GAUGE: "a gauge is wrong after a stop, until the process ends",
}


def _ends_with_the_process(shown: Sequence[tuple[CellResult, Symptom]]) -> bool:
    """Return whether only a stop of the service leaves it behind, and nothing keeps that up."""
    return shown[0][1].harm in _AFTER_STOP and all(
        result.cell.departure is Departure.STOP for result, _ in shown
    )


def _size(cell: Cell) -> tuple[bool, int, str]:
    return cell.dependency is not None, list(Departure).index(cell.departure), cell.name


_HELD: Final = (Harm.GHOST, Harm.ORPHAN, Harm.NEVER_STOPS, Harm.BLOCKED_THREAD)


def _cause(symptom: Symptom) -> object:
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


ENDED: Final = (RETURNED, "received 1000")
"""How the reason begins of a session that the service has ended as usual."""
_AT_DEPARTURE: Final = 5.0
"""Seconds after the others have left in which their departure is taken for the reason."""
_FOR_OTHERS: Final = ("asyncio.Lock", "asyncio.Semaphore", "asyncio.Condition", "asyncio.locks")
"""How waits begin that another session may be the cause of."""


def _merge(
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


def _other_ghosts(result: CellResult) -> list[Symptom]:
    """Return the ghosts of a cell that do not wait for something that another session may have."""
    return [
        each for each in result.symptoms if each.harm is Harm.GHOST and not _waits_for_others(each)
    ]


def _waits_for_others(symptom: Symptom) -> bool:
    return symptom.harm is Harm.GHOST and symptom.waits_for.startswith(_FOR_OTHERS)


def _is_consequence(result: CellResult, symptom: Symptom) -> bool:
    """Return whether the ghosts of the same cell explain it, or the fault itself."""
    others = _other_ghosts(result)
    if symptom.harm is Harm.GHOST:
        return _waits_for_others(symptom) and bool(others)
    if symptom.harm is Harm.BLOCKED_THREAD:
        return result.cell.mode is FaultMode.BLOCKS_THREAD or bool(others)
    if symptom.harm is Harm.LEAKED and result.count(Harm.STARVED):
        return not symptom.kept_by[0].startswith("module global")  # the task that waits keeps it
    waiting = result.count(Harm.GHOST) + result.count(Harm.BLOCKED_THREAD)
    return symptom.harm is Harm.NEVER_STOPS and waiting > 0


def _is_choice(result: CellResult, symptom: Symptom, unanswered: Sequence[str]) -> bool:
    """Return whether a service may do that on purpose.

    It may let nobody in while a dependency fails, and it may end sessions, but not as others leave.
    """
    if _has_ended(symptom):
        return True
    if symptom.harm in (Harm.CUT_OFF, Harm.REFUSED, Harm.STARVED):
        return result.cell.dependency is not None or bool(unanswered)
    return False


def _raised(result: CellResult) -> list[str]:
    """Return the exceptions that nothing in the service has handled, though nothing failed."""
    if result.cell.dependency is not None:
        return []
    return [
        f"unhandled: {text}"
        for text in result.exceptions
        if _EXCEPTION.match(text) and text.partition(":")[0] not in ORDINARY_ENDS
    ]


def _has_ended(symptom: Symptom) -> bool:
    ended = symptom.harm is Harm.CUT_OFF and symptom.detail.startswith(ENDED)
    return ended and symptom.seconds > _AT_DEPARTURE


def _note(result: CellResult, symptom: Symptom, unanswered: Sequence[str]) -> str:
    if _has_ended(symptom):
        return f"the service ends sessions of devices that stay: {symptom.detail}"
    verb = {
        Harm.CUT_OFF: "devices that stay are cut off",
        Harm.REFUSED: "new devices are refused",
        Harm.STARVED: "devices that stay get nothing any more",
    }[symptom.harm]
    name = result.cell.dependency
    fault = f"{name} fails" if name else f"nobody answers {' and '.join(unanswered)}"
    return f"while {fault}, {verb}"


def _finding(shown: Iterable[tuple[CellResult, Symptom]], unanswered: tuple[str, ...]) -> Finding:
    pairs = list(shown)
    first, symptom = pairs[0]
    cells = tuple(dict.fromkeys(result.cell for result, _ in pairs))
    same = [each for result, each in pairs if result is first and each.harm is symptom.harm]
    return Finding(
        harm=symptom.harm,
        symptom=symptom,
        count=sum(each.amount for each in same),
        devices=first.left or first.devices,
        cells=cells,
        also=tuple(_also(pairs, symptom)),
        unanswered=unanswered,
    )


def _also(pairs: Sequence[tuple[CellResult, Symptom]], symptom: Symptom) -> Iterable[str]:
    if symptom.harm is Harm.GHOST:
        for name, (before, _, after) in pairs[0][0].gauges.items():
            wrong = round(after - before) - pairs[0][0].connected
            if wrong:
                yield f"the gauge {name} reads {wrong} too {'high' if wrong > 0 else 'low'}"
    if symptom.harm in (Harm.GHOST, Harm.BLOCKED_THREAD) and any(
        result.count(Harm.NEVER_STOPS) for result, _ in pairs
    ):
        yield "the service does not stop on SIGTERM while it waits"
