"""An executor of new processes, and many calls on it or on any other executor."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, Final, TypeVar

from ghosts.errors import GhostsError

T = TypeVar("T")
SPAWN: Final = multiprocessing.get_context("spawn")
DIED: Final = "a process died before its call ended; is there enough memory?"


class ProcessDiedError(GhostsError):
    """A process ended before its call did, for instance because memory ran out."""


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Yield an executor with ``count`` new processes; end them on the way out.

    Only this process receives an interrupt (Ctrl-C): calls that have not started are cancelled, and
    those that have are waited for.

    Raises:
        ProcessDiedError: a process ended while it started.
    """
    executor = ProcessPoolExecutor(count, SPAWN, initializer=follow_parent)
    try:
        with interrupts_held():
            starting = [executor.submit(os.getpid) for _ in range(count)]
            wait(starting)
        if any(isinstance(each.exception(), BrokenExecutor) for each in starting):
            raise ProcessDiedError("a process ended while it started; is there enough memory?")
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def call_all(
    executor: Executor,
    function: Callable[..., T],
    calls: Sequence[tuple[Any, ...]],
    *,
    on_result: Callable[[T], object] = lambda result: None,
) -> list[T]:
    """Call ``function`` with each tuple of arguments on an executor; return the results in order.

    The executor is one of `concurrent.futures`, or has the same methods, such as Dask's. Calls are
    submitted in the order of ``calls``. Use processes for replays: threads are not faster, and
    count each other's connections. ``on_result`` is called with each result when it is done. The
    first exception is raised, and calls that have not started are cancelled.

    Raises:
        ProcessDiedError: the executor lost a process.
    """
    running: list[Future[T]] = []
    try:
        running = [executor.submit(function, *arguments) for arguments in calls]
        for done in as_completed(running):
            on_result(done.result())
        return [each.result() for each in running]
    except BrokenExecutor:
        raise ProcessDiedError(DIED) from None
    finally:
        for each in running:
            each.cancel()


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Block Ctrl-C in this block, and permanently in processes that are started in it.

    A terminal sends Ctrl-C to every process of the command. Only this process reacts and stops the
    others; each of them would print a traceback.
    """
    resource_tracker.ensure_running()  # starting it later would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow_parent() -> None:
    """Prepare this new process: it ignores Ctrl-C, and ends when the one that started it ends.

    A worker of an executor would not notice: it holds both ends of the pipe through which calls
    come, and waits for the next one indefinitely.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
