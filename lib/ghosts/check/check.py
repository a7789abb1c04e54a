"""A check from start to end: what a service calls, then every cell, then what is wrong."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ghosts.check.confinement.audit import Guard
from ghosts.check.confinement.broker import Link
from ghosts.check.findings import Finding, Note, find
from ghosts.check.forks import run_cells
from ghosts.check.notes import ENDED
from ghosts.check.plan import Cell, Departure, Dependency, PlanError, cells_of
from ghosts.check.result import CellResult, Harm
from ghosts.check.service import Kind, Service, ServiceError, kind_of
from ghosts.check.world.trust import Certificates
from ghosts.errors import unknown
from ghosts.simulation import real_time

DISCOVERY: Final = Cell(None, None, Departure.CLOSE)
"""The cell in which nothing fails, and which shows what a service calls."""
_BY_WALL_CLOCK_AT_ONCE: Final = 8
"""Cells per core that run at the same time by the wall clock: they mostly wait."""
BUDGET_SECONDS: Final = 50.0
"""Real seconds after which no further cell is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check has found out."""

    service: Service
    dependencies: tuple[Dependency, ...]
    results: tuple[CellResult, ...]
    not_run: tuple[Cell, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    real_seconds: float

    def __str__(self) -> str:
        from ghosts.check.report.words import report_in_words

        return report_in_words(self)

    def __repr__(self) -> str:
        from ghosts.check.report.words import total_in_words

        return f"<Report on {self.service.name}: {total_in_words(self).rstrip('.')}>"


_NOTHING_SENT: Final = (
    "the devices send nothing: the service does not read what they send, and so would not notice "
    "their answers to its pings"
)
_SEEN_BY_DEVICE: Final = ("received ", "sent ", "no close frame")
"""How what a device has seen of the end of its connection begins."""
_NOT_VANISHED: Final = (
    "by the wall clock no device vanishes from this service: its own pings would find out too late"
)

Progress = Callable[[int, int, str], object]
"""Called with the cells that have run, all that will, and what the last one was."""


@dataclass(slots=True, kw_only=True)
class _Runs:
    """Runs cells while there is time, and keeps their results."""

    app: Any
    link: Link | None
    guard: Guard | None
    at_once: int
    seconds: float
    on_progress: Progress
    go_on: Callable[[], object]
    began: float = field(default_factory=real_time.monotonic)
    certificates: Certificates = field(default_factory=Certificates)
    results: list[CellResult] = field(default_factory=list)

    def discover(self, service: Service) -> CellResult:
        """Return the result of the cell in which nothing fails, which is the first and only one."""
        self.results.clear()
        self.run(service, [DISCOVERY], (), least=1)
        return self.results[0]

    def run(
        self,
        service: Service,
        cells: Sequence[Cell],
        dependencies: Sequence[Dependency],
        *,
        least: int,
    ) -> list[Cell]:
        """Run cells, the first ``least`` in any case; return those that there was no time for."""
        left, total = list(cells), len(self.results) + len(cells)

        def begun() -> Iterator[Cell]:
            while left and (len(cells) - len(left) < least or self._seconds() < self.seconds):
                yield left.pop(0)

        def note(result: CellResult) -> None:
            self.results.append(result)
            self.on_progress(len(self.results), total, result.cell.name)

        run_cells(
            service,
            self.app,
            begun(),
            dependencies,
            self.certificates,
            self.link,
            self.guard,
            at_once=_at_once(service, self.at_once),
            on_result=note,
            go_on=self.go_on,
        )
        return left

    def _seconds(self) -> float:
        return real_time.monotonic() - self.began


def check_cells(
    service: Service,
    app: Any,
    link: Link | None,
    *,
    guard: Guard | None = None,
    imported: Sequence[str] = (),
    only: Sequence[Cell] = (),
    at_once: int = 2,
    seconds: float = BUDGET_SECONDS,
    on_progress: Progress = lambda done, total, name: None,
    go_on: Callable[[], object] = lambda: None,
) -> Report:
    """Check an application that this process has imported; each cell runs in a fork of it.

    ``guard`` is that of this process, if it has one; ``imported`` are notes on the import.
    ``go_on`` is called several times a second; an exception that it raises ends the check.

    Raises:
        ServiceError: the service did not start, or lets no device in.
        PlanError: a cell of ``only`` names a dependency that the service does not call.
    """
    runs = _Runs(
        app=app,
        link=link,
        guard=guard,
        at_once=at_once,
        seconds=seconds,
        on_progress=on_progress,
        go_on=go_on,
    )
    remarks = list(imported)
    found = runs.discover(service)
    if _unread(found):
        service = replace(service, frames=())
        remarks.append(_NOTHING_SENT)
        found = runs.discover(service)
    _check_usable(found, service)
    counting = (name for name, (before, _, after) in found.gauges.items() if after == before)
    service = replace(service, moving=tuple(counting))
    _check_known(only, found.dependencies)
    cells = list(only) or cells_of(found.dependencies)
    if service.by_wall_clock and not only and kind_of(app) not in (Kind.ASGI, Kind.WEBSOCKETS):
        cells = [cell for cell in cells if cell.departure is not Departure.VANISH]
        remarks.append(_NOT_VANISHED)
    rest = [cell for cell in cells if cell != DISCOVERY]
    least = len(rest) if only else len(Departure) + len(found.dependencies) - 1
    not_run = runs.run(service, rest, found.dependencies, least=least)
    results = [each for each in runs.results if not only or each.cell in cells]
    findings, notes = find(results, found.dependencies)
    return Report(
        service=service,
        dependencies=tuple(found.dependencies),
        results=tuple(results),
        not_run=tuple(not_run),
        findings=tuple(findings),
        notes=(*(Note(text, ()) for text in remarks), *notes),
        real_seconds=real_time.monotonic() - runs.began,
    )


def _at_once(service: Service, cores: int) -> int:
    """Return how many cells run at the same time: with a real server, which they share, one."""
    if service.allowed:
        return 1
    return cores * (_BY_WALL_CLOCK_AT_ONCE if service.by_wall_clock else 1)


def _unread(found: CellResult) -> bool:
    """Return whether devices were cut off because nothing reads what they send by default."""
    nothing_read = found.unread == found.sessions
    return not found.dependencies and any(
        symptom.harm is Harm.CUT_OFF
        and (nothing_read or "keepalive ping timeout" in symptom.detail)
        for symptom in found.symptoms
    )


def _check_usable(found: CellResult, service: Service) -> None:
    for symptom in found.symptoms:
        if symptom.harm in (Harm.SPINS, Harm.ENDLESS):
            hint = "" if service.by_wall_clock else "; see --real-time"
            raise ServiceError(f"{symptom.detail}{hint}")
        if symptom.harm is Harm.EXITS:
            raise ServiceError(f"the service ends itself: {symptom.detail}")
    refused = [symptom for symptom in found.symptoms if symptom.harm is Harm.REFUSED]
    if len(refused) > service.devices:  # the one that comes at the end, too
        held = f", held at {refused[0].chain[-1]}" if refused[0].chain else ""
        raise ServiceError(
            f"no device is let in at {service.path}: {refused[0].detail}{held}; see --path, "
            "--header, --query and --subprotocol"
        )
    if not found.sessions:
        raise ServiceError(
            "the service lets devices in, but its handlers cannot be seen: it is served by "
            "something other than uvicorn, aiohttp or websockets"
        )
    if service.gauge and not found.gauges:
        names = found.known_gauges
        raise ServiceError(
            unknown("gauge", service.gauge, names) if names else "the service has no gauge"
        )
    cut_off = [symptom for symptom in found.symptoms if symptom.harm is Harm.CUT_OFF]
    if len(cut_off) == service.devices:
        reason = cut_off[0].detail
        if reason.startswith(ENDED):
            raise ServiceError(
                f"the service itself ends the session of every device ({reason}), and nothing can "
                "be seen after that: see --stay and --send"
            )
        hint = "; it may need uvloop" if "uvloop" in sys.modules else ""
        if reason.startswith(_SEEN_BY_DEVICE):  # and no error of the service says why
            hint += "; see --send, --header and --query"
        raise ServiceError(f"every device is cut off, without any fault: {reason}{hint}")


def _check_known(cells: Sequence[Cell], dependencies: Sequence[Dependency]) -> None:
    names = [each.name for each in dependencies]
    for cell in cells:
        if cell.dependency is not None and cell.dependency not in names:
            raise PlanError(
                unknown("dependency", cell.dependency, names)
                if names
                else f"no dependency {cell.dependency!r}: the service calls none"
            )
