"""A check in a process of its own, which imports the service: this one stays untouched."""

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

from ghosts.check.check import Report, check_cells
from ghosts.check.confinement import private_files, private_network
from ghosts.check.confinement.audit import Guard
from ghosts.check.confinement.broker import Broker, Link
from ghosts.check.importing import import_service
from ghosts.check.own import is_own
from ghosts.check.plan import Cell
from ghosts.check.service import InternalError, Service, ServiceError
from ghosts.errors import GhostsError
from ghosts.processes import ProcessDiedError
from ghosts.processes.pool import SPAWN, follow_parent, interrupts_held

_IMPORT_SECONDS: Final = 120.0
"""Real seconds that an import may take; no service takes half of it on a slow machine."""


def check(
    service: Service,
    *,
    only: Sequence[Cell] = (),
    at_once: int = 2,
    seconds: float = 50.0,
    on_progress: Callable[[int, int, str], object] = lambda done, total, name: None,
) -> Report:
    """Check a service in a process that imports it. What it prints is not shown.

    An interrupt ends that process and its forks.

    Raises:
        GhostsError: the service cannot be imported, started or checked.
    """
    messages, written = SPAWN.Pipe(duplex=False)
    with contextlib.ExitStack() as stack:
        link = stack.enter_context(Broker(service.allowed)).link if service.allowed else None
        arguments = written, service, link, only, at_once, seconds
        process = SPAWN.Process(target=_check, args=arguments)
        try:
            with interrupts_held():  # an interrupt during the start is raised at its end
                process.start()
            written.close()
            return _received(messages, process, service, on_progress)
        finally:
            if process.pid is not None:
                process.kill()  # the service may handle SIGTERM
                process.join()
            messages.close()


def _received(
    messages: Connection,
    process: SpawnProcess,
    service: Service,
    on_progress: Callable[[int, int, str], object],
) -> Report:
    try:
        if not messages.poll(_IMPORT_SECONDS):
            raise ServiceError(
                f"{service.name} is not imported within {_IMPORT_SECONDS:g} s: does its module run "
                "the service itself? Name the application that it serves"
            )
        while True:
            match messages.recv():
                case Report() as report:
                    return report
                case GhostsError() as error:
                    raise error
                case str(trace):
                    raise InternalError("the check", trace)
                case (int(done), int(total), str(name)):
                    on_progress(done, total, name)
    except EOFError:
        process.join()
        raise ProcessDiedError(
            f"the process that imported {service.name} ended with code {process.exitcode}"
        ) from None


def _check(
    written: Connection,
    service: Service,
    link: Link | None,
    only: Sequence[Cell],
    at_once: int,
    seconds: float,
) -> None:
    sys.dont_write_bytecode = True
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with contextlib.suppress(BrokenPipeError):
        try:
            copies = private_files.enter(private_files.folders_of(service.app_dir))
            guard = Guard(is_own, private=private_network.enter(), copies=copies)
            guard.install()
            follow_parent()
            app, notes = import_service(service)
            written.send((0, 1, "import"))
            written.send(
                check_cells(
                    service,
                    app,
                    link,
                    guard=guard,
                    imported=[*copies.notes, *notes],
                    only=only,
                    at_once=at_once,
                    seconds=seconds,
                    on_progress=lambda *progress: written.send(progress),
                )
            )
        except GhostsError as error:
            written.send(error)
        except Exception:
            written.send(traceback.format_exc())
