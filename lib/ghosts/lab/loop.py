"""A simulated loop that plain code runs turn by turn, be there another one running or not."""

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

import nest_asyncio

from ghosts.replay.clock import LAST_WORD, SimulatedLoop, until_it_spins
from ghosts.replay.spin import SpinError

T = TypeVar("T")


class _Loop(SimulatedLoop):
    """A class of its own, since `nest_asyncio` patches the class of the loop that it is given."""


class NestedLoop:
    """Runs coroutines to their end; whatever else lives on the loop stands still in between."""

    def __init__(self) -> None:
        self._loop = _Loop()
        nest_asyncio.apply(self._loop)

    @property
    def time(self) -> float:
        """Simulated seconds since the loop was made."""
        return self._loop.time()

    @property
    def running(self) -> bool:
        """Whether a coroutine is being run just now."""
        return self._loop.is_running()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return its result, or raise its exception.

        An interrupt (Ctrl-C) cancels it, and is raised once it has cleaned up; a second one is
        raised at once. Whatever else lives on the loop is not disturbed by the first.

        Raises:
            SpinError: something never let the loop idle. The coroutine was cancelled.
        """
        spins: list[SpinError] = []
        task = self._loop.create_task(until_it_spins(lambda: coroutine, spins))
        with _interrupt_cancels(task):
            result: T = self._loop.run_until_complete(task)
        return result

    def close(self) -> None:
        """Cancel every task, wait for them within 5 s, and close the loop. Nothing is logged."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        with suppress(SpinError):  # It has been cancelled with the others.
            self.run(_wait(tasks))
        with suppress(SpinError):
            self.run(_wait({self._loop.create_task(self._loop.shutdown_asyncgens())}))
        self._loop.set_exception_handler(lambda loop, context: None)
        self._loop.close()


async def _wait(tasks: set[asyncio.Task[Any]]) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=LAST_WORD)


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
