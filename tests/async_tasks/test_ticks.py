import asyncio

import pytest
import straightforward
from workload import now

from async_tasks import ticks


def test_what_is_queued_at_shutdown_is_flushed_by_the_natural_loop(simulation):
    async def stored_by(poller):
        event, queue, stored = asyncio.Event(), ["first"], []
        task = asyncio.create_task(poller(event, queue, stored))
        await asyncio.sleep(1.5)
        queue.append("last")
        event.set()
        await task
        return stored

    async def returning(event, queue, stored):
        while True:
            if await straightforward.sleep(event, 1):
                return
            stored += queue
            queue.clear()

    async def ticking(event, queue, stored):
        async for _ in ticks(event, 1):
            stored += queue
            queue.clear()

    assert simulation.run(stored_by(returning)) == ["first"]
    assert simulation.run(stored_by(ticking)) == ["first", "last"]


@pytest.mark.parametrize(
    ("shutdown_at", "expected"),
    [
        (0.0, [(0, True)]),
        (2.5, [(1, False), (2, False), (2.5, True)]),
    ],
)
def test_exactly_one_tick_is_the_last_and_it_comes_at_once(simulation, shutdown_at, expected):
    async def scenario():
        event = asyncio.Event()
        asyncio.get_running_loop().call_at(shutdown_at, event.set)
        await asyncio.sleep(0)
        return [(now(), tick.last) async for tick in ticks(event, 1)]

    assert simulation.run(scenario()) == expected


def test_a_shutdown_during_a_round_gives_that_round_a_last_successor(simulation):
    async def scenario():
        event = asyncio.Event()
        rounds = []
        async for tick in ticks(event, 1):
            rounds.append(tick.last)
            event.set()
        return rounds

    assert simulation.run(scenario()) == [False, True]


def test_a_slow_round_delays_the_next_tick_and_does_not_pile_up(simulation):
    async def scenario():
        event = asyncio.Event()
        asyncio.get_running_loop().call_at(10.5, event.set)
        at = []
        async for tick in ticks(event, 1):
            at.append(now())
            await asyncio.sleep(0 if tick.last else 3)
        return at

    assert simulation.run(scenario()) == [1, 5, 9, 12]


def test_a_cancellation_ends_the_loop_without_a_last_tick(simulation):
    async def scenario():
        rounds = []

        async def poll():
            async for tick in ticks(asyncio.Event(), 1):
                rounds.append(tick.last)

        task = asyncio.create_task(poll())
        await asyncio.sleep(1.5)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled(), rounds

    assert simulation.run(scenario()) == (True, [False])
