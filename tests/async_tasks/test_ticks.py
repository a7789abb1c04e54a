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


def poll(event, seconds, work, *, due_in=None, busy=0.0):
    """A task that polls, and the list of the moments of its ticks, the last one negative."""
    at = []

    async def run():
        looks = ticks(event, seconds, work=work)
        async for look in looks:
            at.append(-now() if look.last else now())
            await asyncio.sleep(busy)
            looks.due_in(due_in)

    return asyncio.create_task(run()), at


def test_a_poller_asleep_for_a_minute_wakes_within_one_turn_of_the_shutdown(simulation):
    async def scenario(work):
        event = asyncio.Event()
        poller, at = poll(event, 60, work)
        await asyncio.sleep(1)
        event.set()
        await asyncio.sleep(0)
        assert not poller.done()  # in its last round
        return at

    assert simulation.run(scenario(None)) == [-1]
    assert simulation.run(scenario(asyncio.Event())) == [-1]


def test_with_work_the_ticks_that_would_find_none_are_left_out(simulation):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        poller, at = poll(event, 2, work)
        for moment in (5, 5.5, 6.5, 100.25):
            asyncio.get_running_loop().call_at(moment, work.set)
        asyncio.get_running_loop().call_at(200, event.set)
        await poller
        return at

    # The ticks that are left are those at which a poller that always looks would have found it.
    assert simulation.run(scenario()) == [6, 8, 102, -200]


def test_work_that_comes_during_a_round_is_seen_at_the_next_tick(simulation):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        poller, at = poll(event, 2, work, busy=1)
        for moment in (1, 2.5):
            asyncio.get_running_loop().call_at(moment, work.set)
        asyncio.get_running_loop().call_at(50, event.set)
        await poller
        return at

    assert simulation.run(scenario()) == [2, 5, -50]


def test_a_tick_that_is_due_comes_without_work(simulation):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        work.set()
        poller, at = poll(event, 1, work, due_in=10.5)
        asyncio.get_running_loop().call_at(30, event.set)
        await poller
        return at

    assert simulation.run(scenario()) == [1, 12, 23, -30]


def test_with_no_seconds_the_tick_comes_with_the_work(simulation):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        poller, at = poll(event, 0, work)
        for moment in (0.3, 7.7):
            asyncio.get_running_loop().call_at(moment, work.set)
        asyncio.get_running_loop().call_at(9, event.set)
        await poller
        return at

    assert simulation.run(scenario()) == [0.3, 7.7, -9]


@pytest.mark.parametrize("end", ["shutdown", "work", "cancellation"])
def test_a_poller_that_has_ended_leaves_no_waiter_and_no_timer(simulation, end):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        poller, _ = poll(event, 60, work, due_in=100)
        await asyncio.sleep(1)
        if end == "work":
            work.set()
            await asyncio.sleep(1)
        poller.cancel() if end == "cancellation" else event.set()
        await asyncio.wait([poller])
        timers = [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]
        return len(event._waiters), len(work._waiters), timers

    assert simulation.run(scenario()) == (0, 0, [])


@pytest.mark.parametrize("seconds", [0, float("nan"), None])
def test_a_pause_that_would_never_end_or_never_come_is_refused_by_name(seconds):
    with pytest.raises(ValueError, match=f"^seconds .*{seconds}"):
        ticks(asyncio.Event(), seconds)
