"""What is wrong with a service: the symptoms of all cells, those of one cause as one finding."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ghosts.check.causes import cause_of, is_consequence, merge, other_ghosts
from ghosts.check.notes import (
    AFTER_STOP,
    choice,
    effect_in_words,
    ends_with_the_process,
    never_returns,
    slow_stop,
    unhandled,
)
from ghosts.check.plan import Cell, Departure, Dependency, Protocol
from ghosts.check.result import CellResult, Harm, Place, Symptom


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
    waiters: dict[object, object] = {}  # by the cause of ghosts that wait for others: theirs
    notes: dict[str, list[Cell]] = {}
    unanswered = tuple(each.name for each in dependencies if each.protocol is Protocol.UNKNOWN)
    computing = {each.name for each in dependencies if not each.waits}
    for result in sorted(results, key=lambda each: _size(each.cell)):
        for symptom in result.symptoms:
            if is_consequence(result, symptom):
                if symptom.harm is Harm.GHOST:
                    waiters[cause_of(symptom)] = cause_of(other_ghosts(result)[0])
                continue
            if result.cell.dependency in computing:
                notes.setdefault(never_returns(result, symptom), []).append(result.cell)
            elif chosen := choice(result, symptom, unanswered):
                notes.setdefault(chosen, []).append(result.cell)
            else:
                causes.setdefault(cause_of(symptom), []).append((result, symptom))
        # What has no place in the service's code may be what a library, or the check, does.
        effects = [each for each in result.side_effects if each.place or each.refused]
        for text in (*result.notes, *map(effect_in_words, effects)):
            notes.setdefault(text, []).append(result.cell)
    for cause, shown in list(causes.items()):
        if ends_with_the_process(shown):
            cells = [result.cell for result, _ in causes.pop(cause)]
            notes.setdefault(AFTER_STOP[shown[0][1].harm], []).extend(cells)
    merge(causes, waiters)
    findings = [_finding(shown, unanswered) for shown in causes.values()]
    findings.sort(key=lambda each: (_ORDER[each.harm], _size(each.cell)))
    too_slow, cells = slow_stop(results)
    if too_slow:
        notes[too_slow] = cells
    told = {finding.cell for finding in findings}
    for result in results:
        for text in () if result.cell in told else unhandled(result):
            notes.setdefault(text, []).append(result.cell)
    first = [Note(_UNANSWERED.format(name), ()) for name in unanswered]
    return findings, first + [Note(text, tuple(cells)) for text, cells in notes.items()]


_UNANSWERED: Final = (
    "{0} is not answered, for it speaks no HTTP, and so some of the service was not tried: give a "
    "stub of it, --stub {0}=MODULE:FUNCTION, or a real server on loopback, --allow {0}"
)


def _size(cell: Cell) -> tuple[bool, int, str]:
    return cell.dependency is not None, list(Departure).index(cell.departure), cell.name


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
