"""An event loop on simulated time, and what it complains of."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from async_tasks.idle_skipping import IdleSkippingLoop

T = TypeVar("T")


class Simulation:
    """Runs coroutines; keeps the messages of the loop's exception handler ("never retrieved")."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=IdleSkippingLoop) as runner:
            runner.get_loop().set_exception_handler(
                lambda _, context: self.complaints.append(context["message"])
            )
            result = runner.run(main)
        gc.collect()
        return result

    def exits(self, main: Coroutine[Any, Any, Any], seen: Callable[[], T]) -> T:
        """Return what is ``seen`` 10 s after ``main`` ended the event loop with a SystemExit."""
        with asyncio.Runner(loop_factory=IdleSkippingLoop) as runner:
            loop = runner.get_loop()
            exiting = loop.create_task(main)
            with pytest.raises(SystemExit):
                loop.run_until_complete(exiting)
            with contextlib.suppress(SystemExit):  # again, from ``main`` itself
                loop.run_until_complete(asyncio.sleep(10))
            loop.run_until_complete(asyncio.sleep(10))
            return seen()
