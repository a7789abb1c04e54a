"""Simulated time for the tests of this folder."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import looptime
import pytest


@pytest.fixture
def simulate() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine to its end on a loop whose clock jumps from timer to timer."""

    def run(coro: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
            return runner.run(coro)

    return run
