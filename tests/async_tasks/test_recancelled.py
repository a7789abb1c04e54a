"""Callers that are cancelled on every turn of the loop, as a cancel scope of anyio does it."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import anyio
import pytest
from workload import flush_when_cancelled, forever, named, now, stubborn

from async_tasks import drain_tasks, gather_chunked, gather_with_logging

TURN = 0.01
"""Seconds that a turn of the loop takes."""


class TurnLoop(asyncio.SelectorEventLoop):
    """A loop whose clock is the number of its turns: it goes on although the loop never idles."""

    turns = 0

    def time(self) -> float:
        return self.turns * TURN

    def _run_once(self) -> None:
        self.turns += 1
        super()._run_once()


async def cancelled_on_every_turn(call: Awaitable[Any]) -> float:
    """Return the seconds it takes, on the clock of the turns."""
    task = asyncio.ensure_future(call)
    for _ in range(5):  # until all has begun
        await asyncio.sleep(0)
    began = now()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    assert task.cancelled()
    return now() - began


async def a_drain() -> None:
    tasks = [named(stubborn(60), "stubborn")]
    await asyncio.sleep(0)
    await drain_tasks(tasks, timeout=1)


async def a_drain_with_grace() -> None:
    tasks = [named(stubborn(60), "stubborn")]
    await asyncio.sleep(0)
    await drain_tasks(tasks, timeout=30, cancel=False, cancel_timeout=1)


async def a_gather() -> None:
    await gather_with_logging(stubborn(60), forever(), forever(), label="t", max_concurrency=2)


async def a_gather_in_chunks() -> None:
    await gather_chunked([stubborn(60), forever(), forever()], chunk_size=2, label="t")


@pytest.mark.parametrize(
    ("call", "bound"),
    [(a_drain, 1), (a_drain_with_grace, 1), (a_gather, 5), (a_gather_in_chunks, 5)],
)
def test_a_drain_cancelled_on_every_turn_ends_within_its_bound(call, bound):
    with asyncio.Runner(loop_factory=TurnLoop) as runner:
        took = runner.run(cancelled_on_every_turn(call()))
        assert bound <= took + 10 * TURN <= bound + 20 * TURN
        runner.run(end_other_tasks())


async def end_other_tasks() -> None:
    """Let the stubborn ones live out their minute."""
    while asyncio.all_tasks() - {asyncio.current_task()}:  # noqa: ASYNC110 - turns are its clock
        await asyncio.sleep(0)


def test_a_session_cancelled_on_every_turn_ends_within_its_bound_and_brings_the_gauge_down(
    scope_of, connections
):
    async def handler() -> None:
        async with scope_of(timeout=30, cancel_timeout=1) as scope:
            scope.receive(forever())
            scope.lifetime(stubborn(60), name="stubborn")
            await scope.supervise()

    with asyncio.Runner(loop_factory=TurnLoop) as runner:
        took = runner.run(cancelled_on_every_turn(handler()))
        assert (took <= 2 + 20 * TURN, connections()) == (True, 0)
        runner.run(end_other_tasks())


@pytest.mark.parametrize("cancelled_at", [0, 3])
def test_a_drain_in_a_cancelled_scope_of_anyio_takes_its_bound_and_the_loop_idles(
    simulation, cancelled_at
):
    """On a simulated clock, which goes on only while the loop idles."""

    async def scenario() -> tuple[float, bool]:
        task = named(stubborn(60), "stubborn")
        await asyncio.sleep(0)
        with anyio.CancelScope() as scope:
            asyncio.get_running_loop().call_later(cancelled_at, scope.cancel)
            await drain_tasks([task], timeout=10, cancel=False, cancel_timeout=2)
            await asyncio.sleep(5)
        return now(), scope.cancelled_caught

    assert simulation.run(scenario()) == (cancelled_at + 2, True)


@pytest.mark.parametrize("cancelled_at", [0, 3])
def test_a_session_in_a_cancelled_scope_of_anyio_flushes_closes_and_brings_the_gauge_down(
    simulation, scope_of, connections, cancelled_at
):
    flushed: list[str] = []

    async def close() -> None:
        await asyncio.sleep(1)
        flushed.append("closed")

    async def scenario() -> tuple[float, float]:
        with anyio.CancelScope() as scope:
            asyncio.get_running_loop().call_later(cancelled_at, scope.cancel)
            async with scope_of(timeout=30, cancel_timeout=5) as owner:
                owner.receive(forever())
                owner.lifetime(flush_when_cancelled(2, flushed), name="flush")
                owner.close_last(close)
                await owner.supervise()
        assert scope.cancelled_caught
        return now(), connections()

    assert simulation.run(scenario()) == (cancelled_at + 3, 0)
    assert flushed == ["flushed", "closed"]


def test_a_gather_in_a_cancelled_scope_of_anyio_takes_its_bound_and_the_loop_idles(simulation):
    async def scenario() -> tuple[float, bool]:
        with anyio.CancelScope() as scope:
            asyncio.get_running_loop().call_later(3, scope.cancel)
            await gather_with_logging(stubborn(60), forever(), label="t", max_concurrency=1)
        return now(), scope.cancelled_caught

    assert simulation.run(scenario()) == (3 + 5, True)
