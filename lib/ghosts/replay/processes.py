"""Processes for work that is many calls, each on its own."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context

from ghosts.replay.side_by_side import interrupts_held


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Run calls in so many processes, which are started anew, and ended on the way out.

    An interrupt (Ctrl-C) is this process's alone: it cancels what has not begun, and waits for the
    calls that have.
    """
    executor = ProcessPoolExecutor(count, get_context("spawn"), initializer=_ignore_interrupts)
    try:
        with interrupts_held():
            wait([executor.submit(os.getpid) for _ in range(count)])
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
