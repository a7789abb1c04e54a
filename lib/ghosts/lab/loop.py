"""A simulated loop that plain calls can run, also while another loop is running."""

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

import nest_asyncio

from ghosts.simulation.clock import CANCEL_SECONDS, SimulatedLoop, until_it_spins
from ghosts.simulation.spin import SpinError

T = TypeVar("T")


class _Loop(SimulatedLoop):
    """A separate class: `nest_asyncio` patches the class of the loop that it is given."""


class NestedLoop:
    """Runs coroutines to their end. Between two of them, nothing on the loop runs."""

    def __init__(self) -> None:
        self._loop = _Loop()
        nest_asyncio.apply(self._loop)

    @property
    def time(self) -> float:
        """Simulated seconds since construction."""
        return self._loop.time()

    @property
    def running(self) -> bool:
        """Whether a coroutine is running."""
        return self._loop.is_running()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return its result, or raise its exception.

        An interrupt (Ctrl-C) cancels it, and is raised once it has cleaned up; a second one is
        raised at once. The first one cancels nothing else on the loop.

        Raises:
            SpinError: a task or callback never let the loop idle. The coroutine was cancelled.
        """
        spins: list[SpinError] = []
        task = self._loop.create_task(until_it_spins(lambda: coroutine, spins))
        with _interrupt_cancels(task):
            result: T = self._loop.run_until_complete(task)
        return result

    def close(self) -> None:
        """Cancel every task, wait up to 5 simulated seconds, and close the loop. Logs nothing."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        with suppress(SpinError):  # The task that spins was cancelled with the others.
            self.run(_wait(tasks))
        with suppress(SpinError):
            self.run(_wait({self._loop.create_task(self._loop.shutdown_asyncgens())}))
        self._loop.set_exception_handler(lambda loop, context: None)
        self._loop.close()


async def _wait(tasks: set[asyncio.Task[Any]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=CANCEL_SECONDS)


@contextmanager
def _interrupt_cancels(task: asyncio.Task[Any]) -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    interrupted = False

    def cancel(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        if interrupted:
            raise KeyboardInterrupt
        interrupted = True
        task.cancel()

    signal.signal(signal.SIGINT, cancel)
    try:
        yield
    except asyncio.CancelledError:
        if not interrupted:
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
