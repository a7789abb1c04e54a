import asyncio
import contextvars
import gc
import inspect
import math
import sys
import warnings

import pytest
import straightforward
from workload import fail, forever, now, stubborn

from async_tasks import gather_chunked, gather_with_logging

VARIABLE = contextvars.ContextVar("VARIABLE", default="outer")


async def give(value):
    await asyncio.sleep(0)
    return value


def test_outcomes_are_in_input_order_and_a_none_value_is_not_a_failure(simulation):
    async def later_first(number):
        await asyncio.sleep(10 - number)
        return number

    results = simulation.run(
        gather_with_logging(*map(later_first, range(5)), give(None), label="t", max_concurrency=3)
    )
    assert [result.index for result in results] == [0, 1, 2, 3, 4, 5]
    assert [result.value for result in results] == [0, 1, 2, 3, 4, None]
    assert all(result.ok and result.exception is None for result in results)


def test_without_items_there_are_no_results(simulation):
    assert simulation.run(gather_with_logging(label="t")) == []


@pytest.mark.parametrize(("limit", "seconds"), [(1, 6), (2, 3), (10, 1)])
def test_no_more_than_max_concurrency_run_at_a_time(simulation, limit, seconds):
    async def scenario():
        items = [asyncio.sleep(1) for _ in range(6)]
        await gather_with_logging(*items, label="t", max_concurrency=limit)
        return now()

    assert simulation.run(scenario()) == seconds


def test_an_exception_stays_with_its_item(simulation):
    error = ValueError("one")
    bad, good = simulation.run(gather_with_logging(fail(error), give("two"), label="t"))
    assert (bad.ok, bad.value, bad.exception) == (False, None, error)
    assert (good.ok, good.value) == (True, "two")


async def cancelled_after_a_second(gathering):
    task = asyncio.create_task(gathering)
    await asyncio.sleep(1)
    task.cancel("shutdown")
    with pytest.raises(asyncio.CancelledError, match="shutdown"):
        await task
    return now()


def test_a_cancelled_gather_does_not_wait_for_its_most_stubborn_item(simulation):
    def cancelled(gather, **options):
        return cancelled_after_a_second(gather(stubborn(600), forever(), **options))

    assert simulation.run(cancelled(straightforward.gather)) == 600
    assert simulation.run(cancelled(gather_with_logging, label="t")) == 6


def test_a_cancelled_gather_closes_the_items_that_were_queued(simulation):
    def unawaited(gather, **options):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            coros = [forever() for _ in range(100)]
            simulation.run(cancelled_after_a_second(gather(*coros, **options)))
            del coros
            gc.collect()
        return len([w for w in caught if "never awaited" in str(w.message)])

    assert unawaited(straightforward.gather) == 90
    assert unawaited(gather_with_logging, label="t") == 0


def test_a_cancelled_gather_cancels_each_running_item_once(simulation):
    async def scenario():
        flushed = []

        async def flush():
            try:
                await forever()
            finally:
                await asyncio.sleep(2)
                flushed.append(now())

        gathering = asyncio.create_task(gather_with_logging(flush(), label="t"))
        for at in (1, 2):
            asyncio.get_running_loop().call_at(at, gathering.cancel)
        await asyncio.wait([gathering])
        return gathering.cancelled(), flushed

    assert simulation.run(scenario()) == (True, [3])


@pytest.mark.parametrize("limit", [0, -1, 1.5])
def test_a_concurrency_below_one_is_refused_and_the_items_are_closed(simulation, limit):
    with pytest.raises(ValueError, match=f"max_concurrency .*{limit}"):
        simulation.run(gather_with_logging(forever(), label="t", max_concurrency=limit))
    gc.collect()  # an unclosed coroutine would warn, and a warning fails the test


def test_a_limit_that_is_no_number_is_refused_and_the_items_are_closed(simulation):
    with pytest.raises(ValueError, match=r"timeout .*nan"):
        simulation.run(gather_with_logging(forever(), label="t", timeout=math.nan))
    gc.collect()


def test_with_the_straightforward_form_a_concurrency_of_zero_hangs(simulation):
    async def scenario():
        item = forever()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await straightforward.gather(item, max_concurrency=0)
        item.close()

    simulation.run(scenario())


def test_the_limit_and_an_items_own_timeout_error_are_told_apart(simulation):
    def both(gather, **options):
        own = fail(TimeoutError("own"), after=1)
        return simulation.run(gather(own, forever(), timeout=5, **options))

    assert [type(result.exception) for result in both(straightforward.gather)] == [TimeoutError] * 2
    own, limit = both(gather_with_logging, label="t")
    assert (own.timed_out, str(own.exception)) == (False, "own")
    assert (limit.timed_out, limit.ok, limit.cancelled) == (True, False, False)
    assert isinstance(limit.exception, TimeoutError)


def test_the_limit_is_each_items_own(simulation):
    async def scenario():
        seconds = (1, 3, 9, 3, 1, 9)
        items = [asyncio.sleep(s) for s in seconds]
        results = await gather_with_logging(*items, label="t", max_concurrency=1, timeout=4)
        return [result.timed_out for result in results], now()

    timed_out = [False, False, True, False, False, True]
    assert simulation.run(scenario()) == (timed_out, 1 + 3 + 4 + 3 + 1 + 4)


def test_a_cancelled_item_is_an_outcome_and_does_not_stop_its_worker(simulation):
    async def cancel_myself():
        asyncio.current_task().cancel()
        await forever()

    async def scenario():
        task = asyncio.create_task(forever())
        asyncio.get_running_loop().call_later(1, task.cancel)
        return await gather_with_logging(
            cancel_myself(), task, give("value"), label="t", max_concurrency=1
        )

    results = simulation.run(scenario())
    assert [result.cancelled for result in results] == [True, True, False]
    assert results[2].value == "value"


def test_an_item_that_cancels_itself_in_its_last_step_is_cancelled_and_the_next_is_not(simulation):
    async def cancel_and_return():
        asyncio.current_task().cancel()
        return "value"

    async def scenario():
        items = [cancel_and_return(), give("next")]
        return await gather_with_logging(*items, label="t", max_concurrency=1)

    first, second = simulation.run(scenario())
    assert first.cancelled  # as it would be as a task of its own
    assert second.value == "next"


def test_each_item_has_context_variables_of_its_own(simulation):
    async def change(value):
        seen = VARIABLE.get()
        VARIABLE.set(value)
        await asyncio.sleep(1)
        return seen, VARIABLE.get()

    async def scenario():
        items = map(change, "abcd")
        results = await gather_with_logging(*items, label="t", max_concurrency=2)
        return [result.value for result in results], VARIABLE.get()

    values = [("outer", letter) for letter in "abcd"]
    assert simulation.run(scenario()) == (values, "outer")


def test_an_item_can_use_a_timeout_of_its_own(simulation):
    async def limited():
        try:
            async with asyncio.timeout(1):
                await forever()
        except TimeoutError:
            return "in time"

    (result,) = simulation.run(gather_with_logging(limited(), label="t", timeout=5))
    assert result.value == "in time"


def test_an_item_that_exits_leaves_no_sibling_running(simulation):
    def ended(gather, **options):
        ended = []

        async def sibling():
            try:
                await forever()
            finally:
                ended.append("sibling")

        gathering = gather(sibling(), fail(SystemExit(1)), **options)
        return simulation.exits(gathering, lambda: list(ended))

    assert ended(straightforward.gather) == []
    assert ended(gather_with_logging, label="t") == ["sibling"]


def test_tasks_are_made_for_workers_and_not_for_items(simulation):
    async def scenario(gather, **options):
        items = [asyncio.sleep(1) for _ in range(100)]
        gathering = asyncio.create_task(gather(*items, **options))
        await asyncio.sleep(0.5)
        tasks = len(asyncio.all_tasks())
        await gathering
        return tasks

    assert simulation.run(scenario(straightforward.gather)) > 100
    assert simulation.run(scenario(gather_with_logging, label="t")) == 12


def test_failures_are_logged_as_the_first_three_and_a_summary(simulation, caplog):
    errors = [ValueError(number) for number in range(20)]
    simulation.run(gather_with_logging(*map(fail, errors), give(1), label="t"))
    assert [r.exc_info[1] for r in caplog.records if r.exc_info] == errors[:3]
    assert [r.message for r in caplog.records if not r.exc_info] == ["t: 20 of 21 failed"]


def test_failures_and_duration_are_measured_under_the_label(simulation, registry, metrics):
    items = [fail(ValueError(), after=2), give(1)]
    simulation.run(gather_with_logging(*items, label="t", metrics=metrics))
    labels = {"label": "t"}
    assert registry.get_sample_value("async_gather_failures_total", labels) == 1
    assert registry.get_sample_value("async_gather_duration_seconds_sum", labels) == 2


def test_chunked_the_index_counts_through_all_chunks(simulation):
    def indices(function, **options):
        items = [asyncio.sleep(0, number) for number in range(7)]
        results = simulation.run(function(items, chunk_size=3, **options))
        assert [result.value for result in results] == list(range(7))
        return [result.index for result in results]

    assert indices(straightforward.chunked) == [0, 1, 2, 0, 1, 2, 0]
    assert indices(gather_chunked, label="t") == [0, 1, 2, 3, 4, 5, 6]


def test_a_chunk_ends_before_the_next_one_starts(simulation):
    spans = []

    async def item(number):
        started = now()
        await asyncio.sleep(number % 3)
        spans.append((number // 4, started, now()))

    simulation.run(gather_chunked(map(item, range(12)), chunk_size=4, label="t"))
    for earlier in range(2):
        last_end = max(end for chunk, _, end in spans if chunk == earlier)
        assert {start for chunk, start, _ in spans if chunk == earlier + 1} == {last_end}


def test_each_chunk_takes_as_long_as_its_slowest_item_and_the_pool_does_not(simulation):
    async def took(gather, *items, **options):
        await gather(*items, label="t", **options)
        return now()

    def items():
        return [asyncio.sleep(1 if number % 10 == 0 else 0.01) for number in range(40)]

    assert simulation.run(took(gather_chunked, items(), chunk_size=10)) == 4
    assert simulation.run(took(gather_with_logging, *items(), max_concurrency=10)) < 1.1


def test_max_concurrency_limits_within_a_chunk(simulation):
    async def scenario():
        items = [asyncio.sleep(1) for _ in range(8)]
        await gather_chunked(items, chunk_size=4, label="t", max_concurrency=2)
        return now()

    assert simulation.run(scenario()) == 4


def test_chunked_an_iterator_is_read_chunk_by_chunk(simulation):
    made = []

    def items():
        for number in range(100):
            made.append(number)
            yield asyncio.sleep(1)

    async def scenario():
        gathering = asyncio.create_task(gather_chunked(items(), chunk_size=5, label="t"))
        await asyncio.sleep(1.5)
        gathering.cancel()
        await asyncio.wait([gathering])

    simulation.run(scenario())
    assert len(made) == 10


def test_cancelling_a_chunked_gather_closes_the_chunks_that_have_not_started(simulation):
    async def scenario():
        items = [forever() for _ in range(20)]
        gathering = asyncio.create_task(gather_chunked(items, chunk_size=5, label="t"))
        await asyncio.sleep(1)
        gathering.cancel()
        await asyncio.wait([gathering])
        assert gathering.cancelled()

    simulation.run(scenario())
    gc.collect()  # an unclosed coroutine would warn, and a warning fails the test


def test_chunked_an_input_that_raises_leaves_no_item_unawaited(simulation):
    def items():
        yield forever()
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        simulation.run(gather_chunked(items(), label="t"))
    gc.collect()


@pytest.mark.parametrize("name", ["chunk_size", "max_concurrency"])
def test_chunked_a_size_below_one_is_refused_by_name_and_the_items_are_closed(simulation, name):
    with pytest.raises(ValueError, match=f"{name} .*0"):
        simulation.run(gather_chunked([forever()], label="t", **{name: 0}))
    gc.collect()


def test_chunked_failures_are_summed_up_over_all_chunks(simulation, caplog, registry, metrics):
    items = [fail(ValueError()) for _ in range(20)]
    simulation.run(gather_chunked(items, chunk_size=6, label="t", metrics=metrics))
    assert caplog.messages[-1] == "t: 20 of 20 failed"
    assert registry.get_sample_value("async_gather_failures_total", {"label": "t"}) == 20


async def in_one_chunk(*items, **options):
    return await gather_chunked(items, chunk_size=len(items), **options)


@pytest.mark.parametrize("function", [gather_with_logging, in_one_chunk])
def test_items_that_keep_state_by_current_task_have_tasks_of_their_own_if_isolated(
    simulation, function
):
    async def scenario(isolate):
        sessions = {}

        async def handle(user):
            session = sessions.setdefault(asyncio.current_task(), user)
            await asyncio.sleep(0)
            return user, session

        results = await function(*map(handle, "abc"), label="t", max_concurrency=1, isolate=isolate)
        return [result.value for result in results]

    assert simulation.run(scenario(True)) == [(user, user) for user in "abc"]
    assert simulation.run(scenario(False)) == [(user, "a") for user in "abc"]


def test_a_timer_that_an_item_leaves_behind_hits_no_other_item_if_isolated(simulation):
    async def leaves_a_timer():
        asyncio.get_running_loop().call_later(5, asyncio.current_task().cancel)

    async def scenario(isolate):
        results = await gather_with_logging(
            leaves_a_timer(),
            asyncio.sleep(10, "done"),
            label="t",
            max_concurrency=1,
            isolate=isolate,
        )
        return results[1].value

    assert simulation.run(scenario(True)) == "done"
    assert simulation.run(scenario(False)) is None


def test_isolated_items_are_limited_cancelled_and_given_a_context_as_others_are(simulation):
    variable = contextvars.ContextVar("variable", default="the caller's")
    seen = []

    async def item(seconds):
        seen.append(variable.get())
        variable.set("the item's")
        await asyncio.sleep(seconds)
        return seconds

    async def scenario():
        results = await gather_with_logging(
            item(1), item(9), fail(ValueError("a bug")), label="t", timeout=3, isolate=True
        )
        assert (results[0].value, results[1].timed_out, now()) == (1, True, 3)
        assert isinstance(results[2].exception, ValueError)
        gathering = asyncio.create_task(
            gather_with_logging(stubborn(60), item(60), item(0), label="t", isolate=True)
        )
        await asyncio.sleep(1)
        gathering.cancel()
        await asyncio.wait([gathering])
        assert (gathering.cancelled(), now()) == (True, 4 + 5)

    simulation.run(scenario())
    assert set(seen) == {"the caller's"}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no eager tasks")
@pytest.mark.parametrize("isolate", [False, True])
def test_a_system_exit_in_an_eager_item_closes_the_queued_ones(simulation, isolate):
    async def leave():
        raise SystemExit

    queued = [forever() for _ in range(5)]

    async def scenario():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        await gather_with_logging(leave(), *queued, label="t", max_concurrency=2, isolate=isolate)

    states = simulation.exits(
        scenario(), lambda: [inspect.getcoroutinestate(each) for each in queued]
    )
    assert states == [inspect.CORO_CLOSED] * 5
