"""The bounds on uvloop, whose clock cannot be simulated: what they bound ends at a word, not at a
time, so that a slow machine changes nothing.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import pytest
from workload import forever, named

from async_tasks import drain_tasks, gather_with_logging

uvloop = pytest.importorskip("uvloop")

BOUND = 0.01
"""Seconds."""


async def until(word: asyncio.Event) -> None:
    """Obey no cancellation before that word."""
    while not word.is_set():
        with contextlib.suppress(asyncio.CancelledError):
            await word.wait()


async def awaited(call: Awaitable[Any]) -> None:
    await call


async def cancelled_on_every_turn(call: Awaitable[Any]) -> None:
    task = asyncio.ensure_future(call)
    await asyncio.sleep(0)
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)


async def in_a_cancelled_scope(call: Awaitable[Any]) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await call


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, None]], None]:
    def run(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main)

    return run


@pytest.mark.parametrize("caller", [awaited, cancelled_on_every_turn, in_a_cancelled_scope])
def test_a_drain_of_a_task_that_obeys_no_cancellation_returns(run, caller):
    async def main() -> None:
        word = asyncio.Event()
        task = named(until(word), "stubborn")
        await asyncio.sleep(0)
        await caller(drain_tasks([task], timeout=BOUND, cancel=False, cancel_timeout=BOUND))
        assert not task.done()
        word.set()
        await task

    run(main())


@pytest.mark.parametrize("caller", [awaited, cancelled_on_every_turn, in_a_cancelled_scope])
def test_a_session_with_a_task_that_obeys_no_cancellation_ends_and_brings_the_gauge_down(
    run, scope_of, connections, caller
):
    async def main() -> None:
        word, gone = asyncio.Event(), asyncio.Event()

        async def handler() -> None:
            async with scope_of(timeout=BOUND, cancel_timeout=BOUND) as scope:
                scope.receive(gone.wait())
                scope.lifetime(until(word), name="stubborn")
                scope.lifetime(forever(), name="heartbeat")
                assert connections() == 1
                gone.set()
                await scope.supervise()

        await caller(handler())
        assert connections() == 0
        word.set()

    run(main())


def test_items_of_a_gather_keep_state_of_their_own(run):
    async def main() -> None:
        state: dict[Any, int] = {}

        async def item(number: int) -> int:
            seen = state.setdefault(asyncio.current_task(), number)
            await asyncio.sleep(0)
            return seen

        results = await gather_with_logging(*map(item, range(3)), label="items", isolate=True)
        assert [result.value for result in results] == [0, 1, 2]

    run(main())
