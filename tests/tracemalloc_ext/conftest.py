"""Simulated time for the tests of this folder, and a heap that can be searched as a whole."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import looptime
import pytest


@pytest.fixture(autouse=True, scope="module")
def _whole_heap() -> Iterator[None]:
    """`gc.get_referrers`, which `why` asks, does not see what is exempt from collections."""
    gc.unfreeze()
    yield
    gc.freeze()


@pytest.fixture
def simulate() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine to its end on a loop whose clock jumps from timer to timer."""

    def run(coro: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
            return runner.run(coro)

    return run
