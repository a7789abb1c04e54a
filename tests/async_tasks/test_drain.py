import asyncio
import contextlib
import logging
import math

import pytest
import straightforward
from workload import fail, flush_when_cancelled, forever, named, now, stubborn

from async_tasks import create_named_task, drain_tasks


def test_the_bound_is_the_timeout_even_for_a_task_that_will_not_end(simulation):
    async def took(function):
        task = named(stubborn(60), "stubborn")
        await asyncio.sleep(0)
        assert await function([task], timeout=0.5) == 1
        return now()

    assert simulation.run(took(straightforward.drain)) == 5.5
    assert simulation.run(took(drain_tasks)) == 0.5


@pytest.mark.parametrize(
    ("options", "bound"),
    [({}, 35.0), ({"timeout": 3.0}, 3.5), ({"timeout": 1.0, "cancel_timeout": 0.25}, 1.25)],
)
def test_with_grace_the_bound_is_the_timeout_and_the_time_to_cancel(simulation, options, bound):
    async def took():
        task = named(stubborn(600), "stubborn")
        await asyncio.sleep(0)
        assert await drain_tasks([task], cancel=False, **options) == 1
        return now()

    assert simulation.run(took()) == pytest.approx(bound)


def test_tasks_that_end_in_time_are_not_cancelled(simulation):
    async def scenario():
        tasks = [named(asyncio.sleep(n), f"bg-{n}") for n in range(3)]
        report = await drain_tasks(tasks, timeout=30, cancel=False)
        assert (report, now()) == (0, 2)
        assert report.finished == ("bg-0", "bg-1", "bg-2")

    simulation.run(scenario())


def test_a_task_that_ends_at_the_very_timeout_has_ended_in_time(simulation):
    async def scenario():
        task = named(asyncio.sleep(5), "punctual")
        await asyncio.sleep(0)
        report = await drain_tasks([task], timeout=5, cancel=False)
        assert (report, report.finished) == (0, ("punctual",))

    simulation.run(scenario())


def test_the_flush_of_a_task_that_obeys_is_not_hit_by_a_second_cancel(simulation):
    async def flushed_by(function):
        flushed = []
        task = named(flush_when_cancelled(1.0, flushed), "flusher")
        await asyncio.sleep(0)
        assert await function([task], timeout=0.5) == 1
        await asyncio.sleep(10)
        return flushed

    assert simulation.run(flushed_by(straightforward.drain)) == []
    assert simulation.run(flushed_by(drain_tasks)) == ["flushed"]


def test_a_task_that_is_being_cancelled_is_not_cancelled_again(simulation):
    async def scenario():
        flushed = []
        task = named(flush_when_cancelled(1.0, flushed), "flusher")
        await asyncio.sleep(0)
        assert await drain_tasks([task], timeout=0.5) == 1
        report = await drain_tasks([task], timeout=5)
        assert (report, report.cancelled, flushed, now()) == (0, ("flusher",), ["flushed"], 1)

    simulation.run(scenario())


def test_a_time_limit_of_its_own_does_not_hide_a_task_from_a_drain(simulation):
    async def scenario():
        async def rounds():
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await forever()

        task = named(rounds(), "rounds")
        report = await drain_tasks([task], timeout=3, cancel=False, cancel_timeout=1)
        assert (report, report.cancelled) == (1, ("rounds",))
        return now()

    assert simulation.run(scenario()) == 3


@pytest.mark.parametrize("turns", range(1, 5))
def test_a_task_that_is_spawned_in_the_moment_of_an_outside_cancellation_is_drained(
    simulation, turns
):
    async def scenario():
        live = set()

        async def parent():
            try:
                await forever()
            finally:
                live.add(named(forever(), "child"))

        live.add(named(parent(), "parent"))
        await asyncio.sleep(0)
        drain = named(drain_tasks(live, timeout=5), "drain")
        for _ in range(turns):
            await asyncio.sleep(0)
        drain.cancel()
        await asyncio.wait([drain])
        return {(task.get_name(), task.cancelled()) for task in live}, now()

    assert simulation.run(scenario()) == ({("parent", True), ("child", True)}, 0)


def test_a_task_that_is_in_two_drains_at_once_is_cancelled_once(simulation):
    async def scenario():
        flushed = []
        task = named(flush_when_cancelled(1.0, flushed), "flusher")
        await asyncio.sleep(0)
        one = named(drain_tasks([task], timeout=0.25), "one")
        other = named(drain_tasks([task], timeout=0.75), "other")
        await asyncio.sleep(0.5)
        third = await drain_tasks([task], timeout=5)
        assert (await one, await other, third) == (1, 1, 0)
        return flushed, now()

    assert simulation.run(scenario()) == (["flushed"], 1)


def test_a_task_that_swallowed_an_earlier_cancellation_is_still_cancelled(simulation):
    async def scenario():
        async def swallow_one():
            with contextlib.suppress(asyncio.CancelledError):
                await forever()
            await forever()

        task = named(swallow_one(), "swallower")
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        return (await drain_tasks([task], timeout=5)).cancelled

    assert simulation.run(scenario()) == ("swallower",)


def test_a_drain_cancelled_from_outside_leaves_no_task_running(simulation):
    async def left_by(function, **options):
        tasks = [named(forever(), "a"), named(flush_when_cancelled(1.0, []), "b")]
        drain = asyncio.create_task(function(tasks, timeout=30, cancel=False, **options))
        await asyncio.sleep(2)
        drain.cancel("shutdown")
        with pytest.raises(asyncio.CancelledError, match="shutdown"):
            await drain
        return [task.get_name() for task in tasks if not task.done()], now()

    assert simulation.run(left_by(straightforward.drain)) == (["a", "b"], 2)
    assert simulation.run(left_by(drain_tasks)) == ([], 3)


def test_a_drain_cancelled_repeatedly_ends_within_its_bound(simulation):
    async def scenario():
        task = named(stubborn(60), "stubborn")
        drain = named(drain_tasks([task], timeout=6, cancel=False), "drain")
        ended = []
        drain.add_done_callback(lambda _: ended.append(now()))
        for _ in range(8):
            await asyncio.sleep(0.3)
            drain.cancel()
        assert drain.cancelled()
        return ended

    # The first cancellation ends the grace; the cancel phase has a sixth of 6 s.
    assert simulation.run(scenario()) == [pytest.approx(1.3)]


def test_a_drain_cancelled_from_outside_finishes_its_cancel_phase_first(simulation):
    async def scenario():
        flushed = []
        task = named(flush_when_cancelled(1.0, flushed), "flusher")
        await asyncio.sleep(0)
        drain = asyncio.create_task(drain_tasks([task], timeout=5))
        await asyncio.sleep(0.5)
        drain.cancel("shutdown")
        with pytest.raises(asyncio.CancelledError, match="shutdown"):
            await drain
        assert (flushed, now()) == (["flushed"], 1)

    simulation.run(scenario())


@pytest.mark.parametrize("cancel", [False, True])
def test_a_task_that_is_spawned_during_the_drain_is_drained(simulation, cancel):
    async def left_by(function):
        live = set()

        def spawn(coro, name):
            task = named(coro, name)
            live.add(task)
            task.add_done_callback(live.discard)

        async def parent():
            try:
                await asyncio.sleep(1)
            finally:
                spawn(asyncio.sleep(20), "child")

        spawn(parent(), "parent")
        await asyncio.sleep(0)
        await function(live, timeout=5, cancel=cancel)
        return {task.get_name() for task in live}

    assert simulation.run(left_by(straightforward.drain)) == {"child"}
    assert simulation.run(left_by(drain_tasks)) == set()


def test_a_drain_never_waits_for_its_own_caller(simulation):
    async def scenario(function):
        tasks = {named(asyncio.sleep(1), "other"), asyncio.current_task()}
        forced = await function(tasks, timeout=30, cancel=False)
        return forced, now()

    with pytest.raises(asyncio.CancelledError):
        simulation.run(scenario(straightforward.drain))
    assert simulation.run(scenario(drain_tasks)) == (0, 1)


def test_a_failure_from_before_the_drain_is_reported_and_logged(simulation, caplog):
    async def crashed(function):
        task = named(fail(ValueError("early")), "early")
        await asyncio.wait([task])
        return await function([task])

    simulation.run(crashed(straightforward.drain))
    assert simulation.complaints == ["Task exception was never retrieved"]
    simulation.complaints.clear()
    assert simulation.run(crashed(drain_tasks)).failed == ("early",)
    assert not simulation.complaints
    assert [str(record.exc_info[1]) for record in caplog.records] == ["early"]


def test_the_report_names_every_task_and_where_the_stuck_ones_are(simulation, caplog):
    async def scenario():
        tasks = [
            named(asyncio.sleep(0.1), "finished"),
            named(forever(), "cancelled"),
            named(fail(ValueError()), "failed"),
            named(stubborn(60), "stuck"),
        ]
        return await drain_tasks(tasks, timeout=1, cancel=False)

    report = simulation.run(scenario())
    assert report == 2
    assert (report.finished, report.cancelled, report.failed) == (
        ("finished",),
        ("cancelled",),
        ("failed",),
    )
    (stuck,) = report.stuck
    assert stuck.name == "stuck"
    assert stuck.where.endswith("in sleep")
    assert str(stuck) in caplog.text


def test_a_stuck_task_stays_referenced_and_its_late_crash_is_logged(simulation, caplog):
    async def refuse_then_crash():
        try:
            await forever()
        finally:
            await asyncio.sleep(60)
            raise ValueError("late")

    async def scenario():
        tasks = [named(refuse_then_crash(), "late")]
        await asyncio.sleep(0)
        await drain_tasks(tasks, timeout=1)
        tasks.clear()
        await asyncio.sleep(100)

    simulation.run(scenario())
    assert not simulation.complaints
    assert [str(r.exc_info[1]) for r in caplog.records if r.exc_info] == ["late"]


def test_a_crash_is_logged_once_by_several_drains(simulation, caplog):
    async def scenario():
        task = create_named_task(fail(ValueError("once")), name="crashing")
        await asyncio.wait([task])
        await drain_tasks([task])
        await drain_tasks([task])

    simulation.run(scenario())
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1


def test_the_histogram_has_both_phases_and_the_counter_only_forced_drains(
    simulation, registry, metrics
):
    async def scenario():
        await drain_tasks([], label="bg", metrics=metrics)
        task = named(stubborn(600), "stubborn")
        await drain_tasks([task], cancel=False, label="bg", metrics=metrics)

    simulation.run(scenario())
    labels = {"label": "bg"}
    assert registry.get_sample_value("async_drain_duration_seconds_sum", labels) == 35
    assert registry.get_sample_value("async_drain_duration_seconds_count", labels) == 2
    assert registry.get_sample_value("async_drain_timeout_total", labels) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("timeout", None), ("timeout", math.nan), ("timeout", "1"), ("cancel_timeout", math.inf)],
)
def test_a_timeout_without_a_bound_is_refused_by_name(simulation, name, value):
    with pytest.raises(ValueError, match=rf"^{name} .*{value}"):
        simulation.run(drain_tasks([], **{name: value}))


def test_an_expired_deadline_still_lets_obeying_tasks_end(simulation):
    async def scenario():
        tasks = [named(forever(), f"bg-{n}") for n in range(3)]
        await asyncio.sleep(0)
        report = await drain_tasks(tasks, timeout=-1)
        assert (report, len(report.cancelled), now()) == (0, 3, 0)

    simulation.run(scenario())
