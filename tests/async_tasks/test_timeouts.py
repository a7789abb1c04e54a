import asyncio
import gc
import math
import weakref

import pytest
from workload import now

from async_tasks import IdleLimit, gather_with_logging


async def receive(limit, *pauses):
    """Receive a frame after each pause, then nothing more."""
    async with IdleLimit(limit) as idle:
        for pause in (*pauses, math.inf):
            await asyncio.sleep(min(pause, 1e6))
            idle.touch()


@pytest.mark.parametrize(
    ("pauses", "ends_at"), [((), 5), ((3,), 8), ((4, 4, 4), 17), ((0, 0, 0), 5), ((4.999,), 9.999)]
)
def test_the_idle_limit_counts_from_the_last_frame(simulation, pauses, ends_at):
    async def scenario():
        with pytest.raises(TimeoutError):
            await receive(5, *pauses)
        return now()

    assert simulation.run(scenario()) == pytest.approx(ends_at)


def test_a_limit_of_none_is_no_limit(simulation):
    async def scenario():
        await asyncio.wait_for(receive(None, 1, 1), 1e5)

    with pytest.raises(TimeoutError):  # that of wait_for
        simulation.run(scenario())


def test_a_thousand_frames_cost_no_task_and_no_timer(simulation):
    async def timers_armed(count):
        loop = asyncio.get_running_loop()
        armed = []
        call_at = loop.call_at
        loop.call_at = lambda *args, **kwargs: armed.append(args[0]) or call_at(*args, **kwargs)
        tasks = len(asyncio.all_tasks())
        await count()
        assert len(asyncio.all_tasks()) == tasks
        del loop.call_at
        return len(armed)

    async def ours():
        async with IdleLimit(300) as idle:
            for _ in range(1000):
                await asyncio.sleep(0)
                idle.touch()

    async def rescheduled():
        async with asyncio.timeout(300) as limit:
            for _ in range(1000):
                await asyncio.sleep(0)
                limit.reschedule(now() + 300)

    assert simulation.run(timers_armed(rescheduled)) == 1001
    assert simulation.run(timers_armed(ours)) == 1


def test_a_cancellation_from_outside_is_no_timeout(simulation):
    async def scenario():
        task = asyncio.create_task(receive(5, 4, 4))
        await asyncio.sleep(6)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert simulation.run(scenario())


def test_a_block_that_ends_in_time_leaves_no_timer_and_no_cancellation_behind(simulation):
    async def scenario():
        async with IdleLimit(5) as idle:
            idle.touch()
        loop = asyncio.get_running_loop()
        assert [timer for timer in loop._scheduled if not timer.cancelled()] == []
        await asyncio.sleep(60)
        return asyncio.current_task().cancelling()

    assert simulation.run(scenario()) == 0


async def in_a_block(running):
    async with IdleLimit(5):
        running.append(weakref.ref(asyncio.current_task()))


async def in_a_gather(running):
    async def item():
        running.append(weakref.ref(asyncio.current_task()))

    await gather_with_logging(item(), label="t", timeout=5)


@pytest.mark.parametrize("limited", [in_a_block, in_a_gather])
def test_a_limit_that_has_ended_is_freed_without_the_collector(simulation, limited):
    """And with it the task that it would have cancelled."""

    async def scenario():
        running = []
        gc.disable()
        try:
            await asyncio.create_task(limited(running))
            await asyncio.sleep(10)  # the timer that was cancelled is due
            assert [task() for task in running] == [None]
        finally:
            gc.enable()

    simulation.run(scenario())


def test_an_error_of_the_block_passes_the_idle_limit(simulation):
    async def scenario():
        async with IdleLimit(5):
            raise LookupError("bug")

    with pytest.raises(LookupError, match="bug"):
        simulation.run(scenario())


@pytest.mark.parametrize("seconds", [math.nan, math.inf, "5"])
def test_a_limit_that_is_no_number_of_seconds_is_refused_by_name(simulation, seconds):
    with pytest.raises(ValueError, match=rf"^seconds .*{seconds}"):
        simulation.run(receive(seconds))
