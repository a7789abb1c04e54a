"""Runs something in a fork of this process: what it changes, or breaks, is gone with it."""

import io
import logging
import os
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final, TypeVar

from ghosts.check.confinement import private_files, private_network
from ghosts.check.confinement.audit import Guard
from ghosts.check.forks import FORK
from ghosts.check.own import is_own
from ghosts.check.watchdog import Watchdog
from ghosts.check.world.timing import SIMULATED
from ghosts.errors import GhostsError

T = TypeVar("T")

_REAL_SECONDS: Final = 60.0
"""After which a run is given up. An ordinary one takes less than two."""


class RunError(GhostsError):
    """The run did not come to its end. The text says why."""


def in_fork(run: Callable[[], T], folder: str, seconds: float = _REAL_SECONDS) -> T:
    """Return what ``run()`` returns in a fork, which can write to no file of ``folder``.

    It is given up after ``seconds`` of real time.

    Raises:
        RunError: it blocked its thread, ended its process, or took too long.
        GhostsError: it has raised one.
    """
    # A fork is a copy of the thread that makes it: this one has frames of the notebook.
    with ThreadPoolExecutor(1, "exercise") as executor:
        result = executor.submit(_run, run, folder, seconds).result()
    if isinstance(result, GhostsError):
        raise result
    return result


def _run(run: Callable[[], T], folder: str, seconds: float) -> T | GhostsError:
    messages, written = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_child, args=(written, run, folder), daemon=True)
    with warnings.catch_warnings():
        # The fork uses no thread of this process, and no lock that one may hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    written.close()
    try:
        if not messages.poll(seconds):
            return RunError(f"it has not ended within {seconds:g} real seconds")
        result: T | GhostsError = messages.recv()
        return result
    except EOFError:
        process.join()
        return RunError(f"its process ended with code {process.exitcode}")
    finally:
        process.kill()
        process.join()
        messages.close()


def _child(written: Connection, run: Callable[[], object], folder: str) -> None:
    sys.stdout = sys.stderr = io.StringIO()
    logging.getLogger().handlers.clear()  # one may keep records, and with them their exceptions
    copies = private_files.enter(private_files.folders_of(folder))  # before there is a thread
    guard = Guard(is_own, private=private_network.enter(), copies=copies)
    guard.install()
    Watchdog(lambda where: _leave(written, RunError(where)), SIMULATED.blocked).start()
    try:
        result = run()
    except GhostsError as error:
        result = error
    except BaseException as error:
        result = RunError(f"{type(error).__name__}: {error}")
    _leave(written, result)


def _leave(written: Connection, result: object) -> None:
    with suppress(OSError):
        written.send(result)
    os._exit(0)
