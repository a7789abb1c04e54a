"""Simulated time for the tests of this folder, and which of them need a process of their own."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any

import looptime
import pytest

# The first three search all objects of the process: milliseconds in a bare one, and seconds beside
# the libraries and the tests of everything else. The last measures resident memory, which does not
# grow where earlier tests have left free memory. `bare_process.py` sets the variable.
ALONE = ["test_why_holders.py", "test_why_side_effects.py", "test_why_whole_process.py"]
ALONE += ["test_resident_memory.py"]
collect_ignore = [] if "BARE_PROCESS" in os.environ else ALONE


@pytest.fixture
def simulate() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine to its end on a loop whose clock jumps from timer to timer."""

    def run(coro: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
            return runner.run(coro)

    return run
