import asyncio
import gc

import pytest
import straightforward
from workload import fail, forever, now

from async_tasks import gather_chunked, gather_with_logging


def test_the_index_counts_through_all_chunks(simulation):
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


def test_its_barrier_costs_what_its_slowest_items_take_and_the_pool_has_none(simulation):
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


def test_an_iterator_is_read_chunk_by_chunk(simulation):
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


def test_cancelled_it_closes_the_chunks_that_were_waiting(simulation):
    async def scenario():
        items = [forever() for _ in range(20)]
        gathering = asyncio.create_task(gather_chunked(items, chunk_size=5, label="t"))
        await asyncio.sleep(1)
        gathering.cancel()
        await asyncio.wait([gathering])
        assert gathering.cancelled()

    simulation.run(scenario())
    gc.collect()  # an unclosed coroutine would warn, and a warning fails the test


def test_an_input_that_fails_half_way_leaves_no_item_unawaited(simulation):
    def items():
        yield forever()
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        simulation.run(gather_chunked(items(), label="t"))
    gc.collect()


@pytest.mark.parametrize("name", ["chunk_size", "max_concurrency"])
def test_a_size_below_one_is_refused_by_name_and_the_items_are_closed(simulation, name):
    with pytest.raises(ValueError, match=f"{name} .*0"):
        simulation.run(gather_chunked([forever()], label="t", **{name: 0}))
    gc.collect()


def test_failures_are_summed_up_over_all_chunks(simulation, caplog, registry, metrics):
    items = [fail(ValueError()) for _ in range(20)]
    simulation.run(gather_chunked(items, chunk_size=6, label="t", metrics=metrics))
    assert caplog.messages[-1] == "t: 20 of 20 failed"
    assert registry.get_sample_value("async_gather_failures_total", {"label": "t"}) == 20
