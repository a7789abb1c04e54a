import asyncio
import gc
import weakref

import pytest
from workload import fail, flush_when_cancelled, forever, named, now, stubborn

from async_tasks import Phase, poll

PHASES = list(Phase)


def ended(task):
    """Return a list to which the time of the task's end is appended."""
    log = []
    task.add_done_callback(lambda _: log.append(now()))
    return log


def test_tasks_are_named_after_the_session_and_their_part_in_it(simulation, scope_of):
    async def scenario():
        async with scope_of() as scope:
            scope.receive(asyncio.sleep(1))
            scope.lifetime(forever(), name="heartbeat")
            scope.finite(asyncio.sleep(0.5), name="backfill")
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert names > {"ws:ada:receive", "ws:ada:heartbeat", "ws:ada:backfill"}
            assert repr(scope) == "<SessionScope ws:ada open, 3 tasks>"
            exit_ = await scope.supervise()
            assert (exit_.reason, exit_.task_name, now()) == ("disconnect", "ws:ada:receive", 1)
        assert repr(scope) == "<SessionScope ws:ada ended, 0 tasks>"

    simulation.run(scenario())


@pytest.mark.parametrize("cancelled_at", [(), (5,), (5, 6), (12,), (12, 13, 14)])
def test_the_gauge_is_up_until_the_last_task_has_ended_and_comes_down_once(
    simulation, scope_of, connections, cancelled_at
):
    async def session():
        async with scope_of() as scope:
            scope.receive(asyncio.sleep(10))
            scope.lifetime(flush_when_cancelled(2, []), name="flusher")
            await scope.supervise()

    async def scenario():
        task = named(session(), "handler")
        for at in cancelled_at:
            asyncio.get_running_loop().call_at(at, task.cancel)
        await asyncio.sleep(0)
        while asyncio.all_tasks() - {asyncio.current_task()}:
            assert connections() == 1
            await asyncio.sleep(0.25)
        assert (task.cancelled(), connections()) == (bool(cancelled_at), 0)

    simulation.run(scenario())


def test_what_the_receive_task_hands_on_while_it_is_cancelled_is_consumed(simulation, scope_of):
    async def consumed_when(shutdown_first):
        queue, consumed = [], []

        async def receive():
            try:
                await forever()
            finally:
                await asyncio.sleep(0)
                queue.append("last")

        async def consume(scope):
            async for _ in poll(scope.shutdown, 1):
                consumed.extend(queue)

        async with scope_of() as scope:
            scope.receive(receive())
            scope.lifetime(consume(scope), name="consumer")
            await asyncio.sleep(0.5)
            if shutdown_first:
                scope.shutdown.set()
        return consumed

    assert simulation.run(consumed_when(shutdown_first=True)) == []
    assert simulation.run(consumed_when(shutdown_first=False)) == ["last"]


def test_a_transport_is_there_until_the_consumers_have_delivered(simulation, scope_of):
    delivered = []

    async def scenario():
        async with scope_of() as scope:
            transport = scope.lifetime(forever(), name="link", phase=Phase.TRANSPORTS)

            async def consume():
                await scope.shutdown.wait()
                await asyncio.sleep(3)
                delivered.append(not transport.cancelling())

            scope.receive(asyncio.sleep(1))
            scope.lifetime(consume(), name="consumer")
            await scope.supervise()
        assert (delivered, transport.cancelled(), now()) == ([True], True, 4)

    simulation.run(scenario())


@pytest.mark.parametrize("phases", [[phase] for phase in PHASES] + [PHASES], ids=str)
def test_the_exit_is_bounded_whichever_phase_is_stuck(simulation, scope_of, connections, phases):
    async def scenario():
        async with scope_of(timeout=30, cancel_timeout=5) as scope:
            scope.receive(asyncio.sleep(10))
            for phase in phases:
                scope.lifetime(stubborn(600), name=phase.value, phase=phase)
            await scope.supervise()
        return now() - 10, connections()

    took, left = simulation.run(scenario())
    assert left == 0
    assert took <= 35
    if Phase.CONSUMERS in phases:
        assert took == 35


def test_a_producer_that_refuses_does_not_lengthen_the_deadline_of_the_consumers(
    simulation, scope_of
):
    async def scenario():
        async with scope_of(timeout=30) as scope:
            scope.receive(stubborn(600))
            slow = ended(scope.lifetime(forever(), name="slow"))
            await asyncio.sleep(0)
        return slow

    assert simulation.run(scenario()) == [30]


@pytest.mark.parametrize("at", [0.5, 12])
def test_an_outside_cancellation_of_the_scope_ends_the_grace_and_is_raised(
    simulation, scope_of, at
):
    async def scenario():
        async def session():
            async with scope_of(timeout=30, cancel_timeout=5) as scope:
                scope.receive(asyncio.sleep(10))
                scope.lifetime(flush_when_cancelled(1, []), name="flusher")
                scope.lifetime(stubborn(600), name="stubborn")
                await scope.supervise()

        task = named(session(), "handler")
        asyncio.get_running_loop().call_at(at, task.cancel, "deploy")
        with pytest.raises(asyncio.CancelledError, match="deploy"):
            await task
        return now() - at

    assert simulation.run(scenario()) <= 10


def test_a_failure_of_the_block_drains_the_session_and_is_raised(simulation, scope_of, connections):
    flushed = []

    async def session():
        async with scope_of() as scope:

            async def flush():
                await scope.shutdown.wait()
                flushed.append(now())

            scope.lifetime(flush(), name="flusher")
            await fail(LookupError("bug"), after=2)

    with pytest.raises(LookupError, match="bug"):
        simulation.run(session())
    assert (flushed, connections()) == ([2], 0)


@pytest.mark.parametrize(
    ("start", "coro", "reason"),
    [
        ("finite", lambda: fail(ValueError("late")), "crash"),
        ("lifetime", lambda: asyncio.sleep(0), "lifetime_done"),
        ("finite", lambda: asyncio.sleep(0), "disconnect"),
    ],
)
def test_a_task_that_is_started_during_the_supervision_is_supervised(
    simulation, scope_of, start, coro, reason
):
    async def scenario():
        async with scope_of() as scope:
            scope.receive(asyncio.sleep(10))
            at_five = asyncio.get_running_loop().call_at
            at_five(5, lambda: getattr(scope, start)(coro(), name="late"))
            exit_ = await scope.supervise()
            return exit_.reason, now()

    assert simulation.run(scenario()) == (reason, 10 if reason == "disconnect" else 5)


def test_a_finite_task_is_released_when_it_ends_before_the_session(simulation, scope_of):
    async def scenario():
        async with scope_of() as scope:
            scope.receive(asyncio.sleep(10))
            supervising = named(scope.supervise(), "supervise")
            await asyncio.sleep(0)
            task = weakref.ref(scope.finite(asyncio.sleep(1), name="request"))
            await asyncio.sleep(2)
            gc.collect()
            assert task() is None
            await supervising

    simulation.run(scenario())


def test_adopted_tasks_are_ended_in_their_phase_also_those_that_come_later(simulation, scope_of):
    async def scenario():
        requests = set()
        async with scope_of(timeout=30) as scope:
            scope.adopt(requests, phase=Phase.TRANSPORTS)
            scope.receive(asyncio.sleep(1))

            async def consume():
                await scope.shutdown.wait()
                await asyncio.sleep(4)
                requests.add(named(forever(), "late"))

            requests.add(named(forever(), "early"))
            scope.lifetime(consume(), name="consumer")
            await scope.supervise()
        assert now() == 5
        return {(task.get_name(), task.cancelled()) for task in requests}

    assert simulation.run(scenario()) == {("early", True), ("late", True)}


def test_a_task_that_a_consumer_starts_while_it_is_drained_is_drained_too(simulation, scope_of):
    async def scenario():
        async with scope_of(timeout=30) as scope:

            async def consume():
                await scope.shutdown.wait()
                scope.finite(forever(), name="child")

            scope.receive(asyncio.sleep(1))
            scope.lifetime(consume(), name="parent")
            await scope.supervise()
        return now(), len(asyncio.all_tasks())

    assert simulation.run(scenario()) == (31, 1)


def test_closers_run_after_the_last_task_has_ended(simulation, scope_of, connections):
    async def scenario():
        async def close():
            assert len(asyncio.all_tasks()) == 2
            await asyncio.sleep(3)
            return connections()

        async with scope_of() as scope:
            scope.close_last(close)
            scope.lifetime(forever(), name="link", phase=Phase.TRANSPORTS)
            scope.receive(asyncio.sleep(1))
            await scope.supervise()
        return now(), connections()

    assert simulation.run(scenario()) == (4, 0)


def refuse():
    raise OSError("no link")


@pytest.mark.parametrize(
    "broken", [refuse, lambda: fail(OSError("no link")), lambda: stubborn(600)]
)
def test_a_close_that_fails_or_hangs_does_not_delay_the_exit_beyond_its_bound(
    simulation, scope_of, connections, caplog, broken
):
    async def scenario():
        async with scope_of(timeout=30, cancel_timeout=5) as scope:
            scope.close_last(broken)
            scope.receive(asyncio.sleep(1))
            await scope.supervise()
        return now(), connections()

    at, left = simulation.run(scenario())
    assert left == 0
    assert at <= 1 + 5
    assert "ws:ada:close" in caplog.text


def test_a_second_goodbye_is_not_logged(simulation, scope_of, connections, caplog):
    """As FastAPI refuses it: at an ordinary goodbye the peer has closed the connection already."""
    caplog.set_level("INFO")
    refused = (
        "Unexpected ASGI message 'websocket.close', after sending 'websocket.close' or response "
        "already completed."
    )

    async def scenario():
        async with scope_of() as scope:
            scope.close_last(lambda: fail(RuntimeError(refused)))
            scope.receive(asyncio.sleep(1))
            await scope.supervise()
        return now(), connections()

    assert simulation.run(scenario()) == (1, 0)
    assert caplog.messages == ["t: disconnect, by task ws:ada:receive"]


def test_misuse_is_refused_and_leaves_no_coroutine_unawaited(simulation, scope_of):
    async def scenario():
        scope = scope_of()
        with pytest.raises(RuntimeError, match="early cannot be started: <SessionScope ws:ada new"):
            scope.lifetime(forever(), name="early")
        async with scope:
            with pytest.raises(RuntimeError, match="no receive task"):
                await scope.supervise()
            scope.receive(asyncio.sleep(0))
            with pytest.raises(RuntimeError, match="has a receive task already"):
                scope.receive(forever())
        with pytest.raises(RuntimeError, match=r"late cannot be started: .* ended"):
            scope.finite(forever(), name="late")

    simulation.run(scenario())
    gc.collect()  # an unclosed coroutine would warn, and a warning fails the test


def test_a_scope_is_entered_once_and_supervised_by_one_call(simulation, scope_of, connections):
    async def scenario():
        async with scope_of() as scope:
            scope.receive(asyncio.sleep(5))
            first = named(scope.supervise(), "first")
            await asyncio.sleep(1)
            with pytest.raises(RuntimeError, match="supervised already"):
                await scope.supervise()
            assert (await first).reason == "disconnect"
        with pytest.raises(RuntimeError, match="cannot be entered again"):
            await scope.__aenter__()
        return connections()

    assert simulation.run(scenario()) == 0


def test_a_system_exit_of_the_block_ends_the_grace(simulation, scope_of, connections):
    async def session():
        async with scope_of(timeout=30) as scope:
            slow = ended(scope.lifetime(forever(), name="slow"))
            await asyncio.sleep(1)
            try:
                raise SystemExit(3)
            finally:
                at.append(slow)

    at = []
    with pytest.raises(SystemExit):
        simulation.run(session())
    assert (at, connections()) == ([[1]], 0)


@pytest.mark.parametrize("name", ["timeout", "cancel_timeout"])
def test_a_timeout_without_a_bound_is_refused_before_anything_is_counted(
    scope_of, connections, name
):
    with pytest.raises(ValueError, match=f"^{name} .*inf"):
        scope_of(**{name: float("inf")})
    assert connections() == 0


def test_exits_and_drains_are_counted_under_three_static_labels(simulation, scope_of, registry):
    async def scenario():
        async with scope_of() as scope:
            scope.receive(asyncio.sleep(1))
            scope.lifetime(stubborn(600), name="stuck")
            await scope.supervise()

    simulation.run(scenario())

    def value(name, **labels):
        return registry.get_sample_value(name, labels)

    assert value("async_supervisor_exit_total", label="t", reason="disconnect") == 1
    assert value("async_drain_timeout_total", label="t_bg") == 1
    assert value("async_drain_duration_seconds_sum", label="t_bg") == 35
    assert value("async_drain_duration_seconds_count", label="t_cleanup") == 3
