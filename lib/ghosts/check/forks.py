"""Cells side by side, each in a fork of this process, which has imported the service."""

import io
import multiprocessing
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from ghosts.check.cell import run_cell
from ghosts.check.confinement import private_files, private_network
from ghosts.check.confinement.audit import Guard
from ghosts.check.confinement.broker import Link
from ghosts.check.own import is_own
from ghosts.check.plan import Cell, Dependency
from ghosts.check.result import CellResult, Harm, Symptom
from ghosts.check.service import InternalError, Service, ServiceError
from ghosts.check.watchdog import Watchdog
from ghosts.check.world.trust import Certificates
from ghosts.simulation import real_time

FORK: Final = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class _Running:
    cell: Cell
    process: Any
    messages: Connection
    began: float


def run_cells(
    service: Service,
    app: Any,
    cells: Iterable[Cell],
    dependencies: Sequence[Dependency],
    certificates: Certificates,
    link: Link | None,
    guard: Guard | None,
    *,
    at_once: int,
    on_result: Callable[[CellResult], object],
    go_on: Callable[[], object],
) -> None:
    """Run cells, each in a fork of this process; call ``on_result`` as each ends.

    ``guard`` is that of this process, which its forks share; without one each fork has its own.
    ``go_on`` is called several times a second; an exception that it raises ends the forks.

    Raises:
        ServiceError: the service did not start in one of them; the others are ended.
        InternalError: a cell failed for a reason that is not the service's.
    """
    waiting, running = iter(cells), dict[Any, _Running]()
    exhausted = False
    try:
        while running or not exhausted:
            go_on()
            while not exhausted and len(running) < at_once:
                cell = next(waiting, None)
                if cell is None:
                    exhausted = True
                    break
                started = _started(service, app, cell, dependencies, certificates, link, guard)
                running[started.messages] = started
            for messages in wait(list(running), timeout=0.2):
                on_result(_received(running.pop(messages)))
            for each in list(running.values()):
                if real_time.monotonic() - each.began > service.timing.cell:
                    running.pop(each.messages)
                    _end(each)
                    reason = f"no end within {service.timing.cell:g} real seconds"
                    on_result(_failed(each.cell, Harm.ENDLESS, reason))
    finally:
        for each in running.values():
            _end(each)


def _started(
    service: Service,
    app: Any,
    cell: Cell,
    dependencies: Sequence[Dependency],
    certificates: Certificates,
    link: Link | None,
    guard: Guard | None,
) -> _Running:
    messages, written = FORK.Pipe(duplex=False)
    arguments = written, service, app, cell, dependencies, certificates, link, guard
    process = FORK.Process(target=_child, args=arguments, daemon=True)
    sys.stdout.flush()
    sys.stderr.flush()
    ours = guard.suspended() if guard is not None else nullcontext()
    with ours, warnings.catch_warnings():
        # The fork uses no thread of this process, and no lock that one may hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    written.close()
    return _Running(cell, process, messages, real_time.monotonic())


def _received(running: _Running) -> CellResult:
    try:
        message = running.messages.recv()
    except (EOFError, OSError):
        running.process.join()
        reason = f"the process ended with code {running.process.exitcode}"
        return _failed(running.cell, Harm.EXITS, reason)
    finally:
        _end(running)
    if isinstance(message, ServiceError):
        raise message
    if isinstance(message, CellResult):
        return message
    raise InternalError(f"cell {running.cell.name}", str(message))


def _failed(cell: Cell, harm: Harm, reason: str) -> CellResult:
    return CellResult(cell=cell, symptoms=[Symptom(harm=harm, detail=reason)])


def _end(running: _Running) -> None:
    with suppress(ValueError):
        running.process.kill()
        running.process.join()
        running.process.close()
    running.messages.close()


def _child(
    written: Connection,
    service: Service,
    app: Any,
    cell: Cell,
    dependencies: Sequence[Dependency],
    certificates: Certificates,
    link: Link | None,
    guard: Guard | None,
) -> None:
    """Run a cell in this fork, send what it has shown, and end without any cleanup."""
    sys.stdout = sys.stderr = io.StringIO()
    notes: list[str] = []
    if guard is None:  # before this process has a thread
        copies = private_files.enter(private_files.folders_of(service.app_dir))
        notes = copies.notes
        guard = Guard(is_own, private=private_network.enter(), copies=copies)
        guard.install()
    else:
        private_network.enter()  # its own: other cells may use the same ports
        guard.resume()
    watchdog = Watchdog(
        lambda where: _leave(written, _failed(cell, Harm.SPINS, where)), service.timing.blocked
    )
    watchdog.start()
    result: object
    try:
        result = run_cell(service, app, cell, dependencies, certificates, link, guard)
        result.notes += [*watchdog.notes(), *notes]
    except ServiceError as error:
        result = error
    except BaseException:
        result = traceback.format_exc()
    _leave(written, result)


def _leave(written: Connection, result: object) -> None:
    with suppress(OSError):
        written.send(result)
    os._exit(0)
