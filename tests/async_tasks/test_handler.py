"""A session's handler, written with the utilities and written straightforwardly."""

import asyncio
from collections import Counter

import pytest
import straightforward
from handlers import handler_that_hides_its_ghosts, safe_handler
from prometheus_client import Gauge
from workload import flush_when_cancelled, named, now, stubborn

from async_tasks import SessionScope, create_named_task, drain_tasks, poll, supervise_tasks


class Session:
    """One connection whose peer leaves after 10 s, with a loop that is stuck for an hour."""

    def __init__(self, gauge, loop=stubborn):
        self.gauge = gauge
        self.loop = loop
        self.shutdown = asyncio.Event()
        self.flushed = 0

    async def poll(self):
        async for one in poll(self.shutdown, 1.0):
            self.flushed += one.last

    def start(self):
        return [
            create_named_task(asyncio.sleep(10), name="receive"),
            create_named_task(self.poll(), name="poll"),
            create_named_task(self.loop(3600), name="stuck"),
        ]


async def scoped_handler(session):
    async with SessionScope("ws:ada", label="pusher", gauge=session.gauge) as scope:
        session.shutdown = scope.shutdown
        scope.receive(asyncio.sleep(10))
        scope.lifetime(session.poll(), name="poll")
        scope.lifetime(session.loop(3600), name="stuck")
        await scope.supervise()


async def handler_that_drains_before_its_gauge(session):
    tasks = []
    try:
        session.gauge.inc()
        tasks = receive, *loops = session.start()
        await supervise_tasks(receive_task=receive, bg_tasks=loops, label="pusher")
    finally:
        await straightforward.drain(tasks, timeout=30)
        session.gauge.dec()


@pytest.fixture
def gauge(registry):
    return Gauge("connections", "", registry=registry)


@pytest.mark.parametrize(("handler", "within"), [(safe_handler, 40), (scoped_handler, 35)])
def test_a_handler_ends_within_its_bound_and_the_flush_is_done(
    simulation, gauge, registry, handler, within
):
    async def scenario():
        session = Session(gauge)
        await handler(session)
        return now() - 10, session.flushed

    assert simulation.run(scenario()) == (within, 1)
    assert registry.get_sample_value("connections") == 0


@pytest.mark.parametrize(
    "handler", [safe_handler, scoped_handler, handler_that_drains_before_its_gauge]
)
def test_a_second_cancel_does_not_leak_the_gauge(simulation, gauge, registry, handler):
    async def scenario():
        task = named(handler(Session(gauge)), "handler")
        for _ in range(2):
            await asyncio.sleep(2)
            task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    simulation.run(scenario())
    leaked = handler is handler_that_drains_before_its_gauge
    assert registry.get_sample_value("connections") == leaked


@pytest.mark.parametrize("handler", [safe_handler, scoped_handler, handler_that_hides_its_ghosts])
def test_the_gauge_counts_a_session_until_it_is_drained(simulation, gauge, registry, handler):
    async def scenario():
        task = named(handler(Session(gauge)), "handler")
        await asyncio.sleep(12)
        assert not task.done()
        counted = registry.get_sample_value("connections")
        await task
        return counted

    assert simulation.run(scenario()) == (handler is not handler_that_hides_its_ghosts)


@pytest.mark.parametrize("stop", [straightforward.stop, lambda task: drain_tasks([task])])
def test_stopping_a_task_does_not_swallow_the_callers_own_cancellation(simulation, stop):
    async def scenario():
        child = named(flush_when_cancelled(1.0, []), "child")
        await asyncio.sleep(0)
        went_on = Counter()

        async def caller():
            await stop(child)
            went_on["caller"] += 1

        task = named(caller(), "caller")
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.wait([task])
        return bool(went_on)

    assert simulation.run(scenario()) == (stop is straightforward.stop)
