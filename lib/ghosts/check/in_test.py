"""A check out of a running test: apart from its event loop, its context and its stack."""

import logging
import os
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from ghosts.check import process
from ghosts.check.check import Report, check_cells
from ghosts.check.confinement.broker import Broker
from ghosts.check.plan import Cell
from ghosts.check.service import Service, kind_of


def checked(service: Service, *, only: Sequence[Cell], at_once: int, seconds: float) -> Report:
    """Check a service from the test that this thread runs; an interrupt ends the check.

    Raises:
        GhostsError: the service cannot be imported, started or checked.
    """
    with _interruptible():
        if isinstance(service.target, str):
            return process.check(service, only=only, at_once=at_once, seconds=seconds)
        kind_of(service.target)
        with _no_root_logging():
            return _checked_in_forks(service, only, at_once, seconds)


def _checked_in_forks(
    service: Service, only: Sequence[Cell], at_once: int, seconds: float
) -> Report:
    """Check in forks that a new thread makes.

    A fork is a copy of the thread that makes it. This thread has frames of the test, which would
    be taken for lines of the service; it may be inside a running event loop, and has context
    variables and thread-local data of that loop's library.
    """
    stopped = threading.Event()

    def check() -> Report:
        with ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # pytest may have made errors of them
            link = stack.enter_context(Broker(service.allowed)).link if service.allowed else None
            return check_cells(
                service,
                service.target,
                link,
                only=only,
                at_once=at_once,
                seconds=seconds,
                go_on=go_on,
            )

    def go_on() -> None:
        if stopped.is_set():
            raise RuntimeError("the check was interrupted")

    with ThreadPoolExecutor(1, "ghost-check") as executor:
        try:
            return executor.submit(check).result()
        finally:
            stopped.set()  # an interrupt reaches only this thread


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt in this process at Ctrl-C, and not in its forks.

    A runner of asyncio has a handler that cancels its task, which takes no effect while this
    thread does not return to the loop; and each signal writes to a socket that forks share.
    """
    before: Any = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    here = os.getpid()

    def interrupt(*_: object) -> None:
        if os.getpid() == here:
            raise KeyboardInterrupt

    descriptor = signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        signal.set_wakeup_fd(descriptor)


@contextmanager
def _no_root_logging() -> Iterator[None]:
    """Let nothing that forks log reach the files and the terminal of the test run."""
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = before
