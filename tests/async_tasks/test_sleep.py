import asyncio
import math
import sys

import pytest
import straightforward
from workload import now

from async_tasks import sleep_until_shutdown


def test_it_sleeps_that_long_and_says_that_the_event_is_not_set(simulation):
    async def scenario():
        assert await sleep_until_shutdown(asyncio.Event(), 7.5) is False
        assert now() == 7.5

    simulation.run(scenario())


def test_the_event_wakes_it_within_one_turn_of_the_loop(simulation):
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
def test_it_is_true_at_once_when_the_event_is_set_already(simulation, seconds):
    async def scenario():
        event = asyncio.Event()
        event.set()
        assert await sleep_until_shutdown(event, seconds) is True
        assert now() == 0

    simulation.run(scenario())


def test_zero_seconds_let_the_others_run(simulation):
    async def scenario():
        event = asyncio.Event()
        asyncio.get_running_loop().call_soon(event.set)
        assert await sleep_until_shutdown(event, 0) is True

    simulation.run(scenario())


def test_an_event_that_is_set_when_the_time_is_up_counts(simulation):
    async def scenario():
        event = asyncio.Event()
        sleeper = asyncio.create_task(sleep_until_shutdown(event, 1))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_at(1, event.set)
        assert await sleeper is True

    simulation.run(scenario())


def test_no_cancellation_is_lost_when_the_event_is_set_in_the_same_moment(simulation):
    async def lost(sleep, *, turns):
        """Cancel when the sleeper is due to run but has not: so many turns after the event."""
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
def test_nothing_is_left_behind_on_the_event_or_the_loop(simulation, end):
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


def test_no_task_is_made_to_sleep(simulation):
    async def scenario():
        sleeper = asyncio.create_task(sleep_until_shutdown(asyncio.Event(), 10))
        await asyncio.sleep(1)
        assert asyncio.all_tasks() == {sleeper, asyncio.current_task()}
        await sleeper

    simulation.run(scenario())


def test_a_time_that_is_no_number_is_refused(simulation):
    with pytest.raises(ValueError, match=r"seconds .*nan"):
        simulation.run(sleep_until_shutdown(asyncio.Event(), math.nan))
