import asyncio
import math
import sys

import pytest
import straightforward
from workload import now

from async_tasks import poll, sleep_until_shutdown


def test_a_sleep_takes_its_seconds_and_returns_false_when_the_event_is_not_set(simulation):
    async def scenario():
        assert await sleep_until_shutdown(asyncio.Event(), 7.5) is False
        assert now() == 7.5

    simulation.run(scenario())


def test_the_event_ends_a_sleep_within_one_turn_of_the_loop(simulation):
    async def scenario():
        event = asyncio.Event()
        sleeper = asyncio.create_task(sleep_until_shutdown(event, 60))
        await asyncio.sleep(1)
        event.set()
        await asyncio.sleep(0)
        assert sleeper.done()
        assert sleeper.result() is True

    simulation.run(scenario())


@pytest.mark.parametrize("seconds", [0, -1, 60])
def test_a_sleep_returns_true_at_once_when_the_event_is_already_set(simulation, seconds):
    async def scenario():
        event = asyncio.Event()
        event.set()
        assert await sleep_until_shutdown(event, seconds) is True
        assert now() == 0

    simulation.run(scenario())


def test_a_sleep_of_zero_seconds_gives_other_tasks_a_turn(simulation):
    async def scenario():
        event = asyncio.Event()
        asyncio.get_running_loop().call_soon(event.set)
        assert await sleep_until_shutdown(event, 0) is True

    simulation.run(scenario())


def test_an_event_set_at_the_very_end_of_a_sleep_counts(simulation):
    async def scenario():
        event = asyncio.Event()
        sleeper = asyncio.create_task(sleep_until_shutdown(event, 1))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_at(1, event.set)
        assert await sleeper is True

    simulation.run(scenario())


def test_no_cancellation_is_lost_when_the_event_is_set_in_the_same_moment(simulation):
    async def lost(sleep, *, turns):
        """Cancel `turns` turns after the event: the sleeper is due to run but has not run."""
        lost = 0
        for _ in range(50):
            event = asyncio.Event()
            sleeper = asyncio.create_task(sleep(event, 60))
            await asyncio.sleep(1)
            event.set()
            for _ in range(turns):
                await asyncio.sleep(0)
            sleeper.cancel()
            await asyncio.wait([sleeper])
            lost += not sleeper.cancelled()
        return lost

    if sys.version_info < (3, 12):
        assert simulation.run(lost(straightforward.sleep, turns=1)) == 50
    assert simulation.run(lost(sleep_until_shutdown, turns=0)) == 0


@pytest.mark.parametrize("end", ["time", "event", "cancellation"])
def test_a_sleep_leaves_no_waiter_on_the_event_and_no_timer_on_the_loop(simulation, end):
    async def scenario():
        event = asyncio.Event()
        sleeper = asyncio.create_task(sleep_until_shutdown(event, 10))
        await asyncio.sleep(1)
        if end == "event":
            event.set()
        if end == "cancellation":
            sleeper.cancel()
        await asyncio.wait([sleeper])
        timers = [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]
        assert (len(event._waiters), timers) == (0, [])

    simulation.run(scenario())


def test_a_sleep_makes_no_task(simulation):
    async def scenario():
        sleeper = asyncio.create_task(sleep_until_shutdown(asyncio.Event(), 10))
        await asyncio.sleep(1)
        assert asyncio.all_tasks() == {sleeper, asyncio.current_task()}
        await sleeper

    simulation.run(scenario())


def test_a_sleep_of_nan_seconds_is_refused(simulation):
    with pytest.raises(ValueError, match=r"seconds .*nan"):
        simulation.run(sleep_until_shutdown(asyncio.Event(), math.nan))


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

    async def polling(event, queue, stored):
        async for _ in poll(event, 1):
            stored += queue
            queue.clear()

    assert simulation.run(stored_by(returning)) == ["first"]
    assert simulation.run(stored_by(polling)) == ["first", "last"]


@pytest.mark.parametrize(
    ("shutdown_at", "expected"),
    [
        (0.0, [(0, True)]),
        (2.5, [(1, False), (2, False), (2.5, True)]),
    ],
)
def test_exactly_one_poll_is_the_last_and_it_comes_at_once(simulation, shutdown_at, expected):
    async def scenario():
        event = asyncio.Event()
        asyncio.get_running_loop().call_at(shutdown_at, event.set)
        await asyncio.sleep(0)
        return [(now(), one.last) async for one in poll(event, 1)]

    assert simulation.run(scenario()) == expected


def test_a_shutdown_while_a_poll_is_handled_is_followed_by_one_last_poll(simulation):
    async def scenario():
        event = asyncio.Event()
        rounds = []
        async for one in poll(event, 1):
            rounds.append(one.last)
            event.set()
        return rounds

    assert simulation.run(scenario()) == [False, True]


def test_a_slow_round_delays_the_next_poll_and_polls_do_not_pile_up(simulation):
    async def scenario():
        event = asyncio.Event()
        asyncio.get_running_loop().call_at(10.5, event.set)
        at = []
        async for one in poll(event, 1):
            at.append(now())
            await asyncio.sleep(0 if one.last else 3)
        return at

    assert simulation.run(scenario()) == [1, 5, 9, 12]


def test_a_cancellation_ends_the_loop_without_a_last_poll(simulation):
    async def scenario():
        rounds = []

        async def run():
            async for one in poll(asyncio.Event(), 1):
                rounds.append(one.last)

        task = asyncio.create_task(run())
        await asyncio.sleep(1.5)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled(), rounds

    assert simulation.run(scenario()) == (True, [False])


def poller_of(event, seconds, work, *, due_in=None, busy=0.0):
    """Return a task that polls, and the list of the moments of its polls, the last one negative."""
    at = []

    async def run():
        polls = poll(event, seconds, work=work)
        async for one in polls:
            at.append(-now() if one.last else now())
            await asyncio.sleep(busy)
            polls.due_in(due_in)

    return asyncio.create_task(run()), at


def test_a_poller_asleep_for_a_minute_wakes_within_one_turn_of_the_shutdown(simulation):
    async def scenario(work):
        event = asyncio.Event()
        poller, at = poller_of(event, 60, work)
        await asyncio.sleep(1)
        event.set()
        await asyncio.sleep(0)
        assert not poller.done()  # in its last round
        return at

    assert simulation.run(scenario(None)) == [-1]
    assert simulation.run(scenario(asyncio.Event())) == [-1]


def test_with_work_the_polls_that_would_find_none_are_left_out(simulation):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        poller, at = poller_of(event, 2, work)
        for moment in (5, 5.5, 6.5, 100.25):
            asyncio.get_running_loop().call_at(moment, work.set)
        asyncio.get_running_loop().call_at(200, event.set)
        await poller
        return at

    # The poll that are left are those at which a poller that always looks would have found it.
    assert simulation.run(scenario()) == [6, 8, 102, -200]


def test_work_that_comes_while_a_poll_is_handled_is_found_by_the_next(simulation):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        poller, at = poller_of(event, 2, work, busy=1)
        for moment in (1, 2.5):
            asyncio.get_running_loop().call_at(moment, work.set)
        asyncio.get_running_loop().call_at(50, event.set)
        await poller
        return at

    assert simulation.run(scenario()) == [2, 5, -50]


def test_a_poll_that_is_due_comes_without_work(simulation):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        work.set()
        poller, at = poller_of(event, 1, work, due_in=10.5)
        asyncio.get_running_loop().call_at(30, event.set)
        await poller
        return at

    assert simulation.run(scenario()) == [1, 12, 23, -30]


def test_with_zero_seconds_the_poll_comes_with_the_work(simulation):
    async def scenario():
        event, work = asyncio.Event(), asyncio.Event()
        poller, at = poller_of(event, 0, work)
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
        poller, _ = poller_of(event, 60, work, due_in=100)
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
def test_seconds_that_would_never_pass_or_spin_are_refused_by_name(seconds):
    with pytest.raises(ValueError, match=f"^seconds .*{seconds}"):
        poll(asyncio.Event(), seconds)
