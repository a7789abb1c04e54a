import asyncio
import gc
import logging

import pytest
import straightforward
from websockets.exceptions import ConnectionClosedError
from workload import fail, forever, named

from async_tasks import create_named_task, supervise, supervise_tasks

BUG = ValueError("a bug in the parser")


async def supervised(receive, *bg, finite=(), **options):
    """Supervise coroutines; return the exit, and whatever is left running is cancelled."""
    receive_task = named(receive, "receive")
    tasks = [named(coro, f"bg-{number}") for number, coro in enumerate(bg)]
    finite_tasks = {tasks[number] for number in finite}
    exit_ = await supervise_tasks(
        receive_task=receive_task, bg_tasks=tasks, finite_tasks=finite_tasks, label="t", **options
    )
    for task in (receive_task, *tasks):
        task.cancel()
    return exit_


def test_a_receive_task_that_dies_of_a_bug_is_a_crash(simulation):
    async def naive():
        return await straightforward.supervise(
            receive_task=named(fail(BUG), "receive"), bg_tasks=[]
        )

    broken = simulation.run(naive())
    assert (broken.reason, broken.exception) == ("disconnect", None)
    exit_ = simulation.run(supervised(fail(BUG), forever()))
    assert (exit_.reason, exit_.task_name, exit_.exception) == ("crash", "receive", BUG)


def test_a_cancelled_lifetime_task_ends_the_session(simulation):
    async def lose_heartbeat(function, **options):
        receive, heartbeat = named(asyncio.sleep(60), "receive"), named(forever(), "heartbeat")
        asyncio.get_running_loop().call_later(1, heartbeat.cancel)
        exit_ = await function(receive_task=receive, bg_tasks=[heartbeat], **options)
        return exit_, asyncio.get_running_loop().time()

    _, broken_at = simulation.run(lose_heartbeat(straightforward.supervise))
    assert broken_at == 60
    exit_, at = simulation.run(lose_heartbeat(supervise_tasks, label="t"))
    assert (exit_.reason, exit_.task_name, at) == ("cancelled", "heartbeat", 1)


def test_of_three_crashes_in_one_round_none_is_lost(simulation):
    async def crash_three(function, **options):
        tasks = [named(fail(ValueError(n), after=1), f"bg-{n}") for n in range(3)]
        receive = named(forever(), "receive")
        return await function(receive_task=receive, bg_tasks=tasks, **options)

    simulation.run(crash_three(straightforward.supervise))
    assert simulation.complaints == ["Task exception was never retrieved"] * 2
    simulation.complaints.clear()
    exit_ = simulation.run(crash_three(supervise_tasks, label="t"))
    assert [exit_.task_name, *(end.task_name for end in exit_.others)] == ["bg-0", "bg-1", "bg-2"]
    assert [end.exception.args for end in exit_.others] == [(1,), (2,)]
    del exit_
    gc.collect()
    assert not simulation.complaints


def test_a_disconnect_in_the_same_moment_as_a_crash_is_a_disconnect(simulation):
    async def hang_up(function, first_in_set, **options):
        gone = asyncio.Event()

        class Ordered(asyncio.Task):
            def __hash__(self):  # a set of these is scanned in this order
                return self.get_name() != first_in_set

        async def heartbeat():
            await gone.wait()
            raise RuntimeError("cannot send any more")

        loop = asyncio.get_running_loop()
        loop.call_later(1, gone.set)
        exit_ = await function(
            receive_task=Ordered(gone.wait(), loop=loop, name="receive"),
            bg_tasks=[Ordered(heartbeat(), loop=loop, name="heartbeat")],
            **options,
        )
        return exit_.reason

    def reasons(function, **options):
        return [
            simulation.run(hang_up(function, first, **options))
            for first in ("receive", "heartbeat")
        ]

    assert reasons(straightforward.supervise) == ["disconnect", "crash"]
    assert reasons(supervise_tasks, label="t") == ["disconnect", "disconnect"]


def test_a_receive_task_that_ends_a_turn_after_the_crash_is_seen_on_waking(simulation):
    async def scenario():
        crashed = asyncio.get_running_loop().create_future()

        async def heartbeat():
            try:
                raise RuntimeError("cannot send any more")
            finally:
                crashed.set_result(None)

        async def receive():
            await crashed

        return await supervised(receive(), heartbeat())

    exit_ = simulation.run(scenario())
    assert exit_.reason == "disconnect"
    assert [end.reason for end in exit_.others] == ["crash"]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("rcxd", "disconnect"),
        ("cxd", "crash"),
        ("xd", "cancelled"),
        ("d", "lifetime_done"),
    ],
)
def test_the_precedence_is_disconnect_crash_cancelled_lifetime_done(simulation, ends, expected):
    async def scenario():
        bg = {
            "c": named(fail(BUG), "c") if "c" in ends else named(forever(), "c"),
            "x": named(forever(), "x"),
            "d": named(asyncio.sleep(0), "d"),
        }
        receive = named(asyncio.sleep(0) if "r" in ends else forever(), "r")
        if "x" in ends:
            bg["x"].cancel()
        await asyncio.wait([bg["d"]])
        exit_ = await supervise_tasks(
            receive_task=receive, bg_tasks=reversed(bg.values()), label="t"
        )
        return exit_.reason, "".join(end.task_name for end in exit_.others)

    assert simulation.run(scenario()) == (expected, ends[1:])


@pytest.mark.parametrize("error", [ConnectionResetError(), ConnectionClosedError(None, None)])
def test_a_disconnect_raised_by_any_task_is_a_disconnect(simulation, caplog, error):
    exit_ = simulation.run(supervised(forever(), fail(error)))
    assert (exit_.reason, exit_.exception) == ("disconnect", error)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_the_websocket_disconnect_of_starlette_is_recognised_by_name(simulation):
    gone = type("WebSocketDisconnect", (Exception,), {})()
    assert simulation.run(supervised(fail(gone))).reason == "disconnect"


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_end_of_a_finite_task_ends_nothing(simulation, cancelled):
    async def finite():
        if cancelled:
            raise asyncio.CancelledError
        await asyncio.sleep(1)

    exit_ = simulation.run(supervised(asyncio.sleep(9), finite(), forever(), finite=[0]))
    assert (exit_.reason, exit_.others) == ("disconnect", ())


def test_a_finite_task_that_crashes_is_a_crash(simulation):
    assert simulation.run(supervised(forever(), fail(BUG), finite=[0])).reason == "crash"


def test_a_finite_task_that_was_done_on_entry_is_fine(simulation):
    async def scenario():
        done = named(asyncio.sleep(0), "finite")
        await done
        receive = named(asyncio.sleep(5), "receive")
        return await supervise_tasks(
            receive_task=receive, bg_tasks=[done], finite_tasks={done}, label="t"
        )

    assert simulation.run(scenario()).reason == "disconnect"


def test_a_finite_task_that_is_not_supervised_is_refused_by_name(simulation):
    async def scenario():
        receive, stray = named(asyncio.sleep(0), "receive"), named(asyncio.sleep(0), "stray")
        with pytest.raises(ValueError, match=r"finite_tasks .*'stray'"):
            await supervise_tasks(
                receive_task=receive, bg_tasks=[], finite_tasks={stray}, label="t"
            )

    simulation.run(scenario())


class Counting(asyncio.Task):
    """Counts the callbacks that it has, and those that it ever had."""

    callbacks = added = 0

    def add_done_callback(self, *args, **kwargs):
        self.callbacks += 1
        self.added += 1
        super().add_done_callback(*args, **kwargs)

    def remove_done_callback(self, callback):
        removed = super().remove_done_callback(callback)
        self.callbacks -= removed
        return removed


def test_the_cost_is_one_callback_per_task_however_many_finite_tasks_end(simulation):
    async def callbacks(function, **options):
        loop = asyncio.get_running_loop()
        finite = [Counting(asyncio.sleep(1 + n), loop=loop) for n in range(20)]
        lifetime = [Counting(forever(), loop=loop) for _ in range(20)]
        receive = Counting(asyncio.sleep(60), loop=loop)
        await function(
            receive_task=receive, bg_tasks=[*finite, *lifetime], finite_tasks={*finite}, **options
        )
        return sum(task.added for task in (receive, *finite, *lifetime))

    rounds = sum(range(21, 42))  # the rest of 41 tasks is waited for again after each end
    assert simulation.run(callbacks(straightforward.supervise)) == rounds
    assert simulation.run(callbacks(supervise_tasks, label="t")) == 41


def test_cancelling_the_supervision_cancels_no_task_and_leaves_no_callback(simulation):
    async def scenario():
        loop = asyncio.get_running_loop()
        tasks = [Counting(forever(), loop=loop) for _ in range(5)]
        supervision = asyncio.create_task(
            supervise_tasks(receive_task=tasks[0], bg_tasks=tasks[1:], label="t")
        )
        await asyncio.sleep(1)
        assert [task.callbacks for task in tasks] == [1] * 5
        supervision.cancel()
        await asyncio.wait([supervision])
        assert supervision.cancelled()
        assert [task.callbacks for task in tasks] == [0] * 5
        assert not any(task.done() or task.cancelling() for task in tasks)

    simulation.run(scenario())


def test_every_exit_is_counted_by_label_and_reason(simulation, registry, metrics):
    async def cancelled():
        supervision = asyncio.create_task(supervised(forever(), metrics=metrics))
        await asyncio.sleep(1)
        supervision.cancel()
        await asyncio.wait([supervision])

    simulation.run(supervised(asyncio.sleep(0), metrics=metrics))
    simulation.run(supervised(fail(BUG), metrics=metrics))
    simulation.run(supervised(forever(), asyncio.sleep(0), metrics=metrics))
    simulation.run(cancelled())
    for reason in ("disconnect", "crash", "lifetime_done", "cancelled"):
        labels = {"label": "t", "reason": reason}
        assert registry.get_sample_value("async_supervisor_exit_total", labels) == 1


def test_the_deciding_crash_is_logged_once_with_its_traceback(simulation, caplog):
    async def scenario():
        task = create_named_task(fail(BUG), name="parser")
        await supervise_tasks(receive_task=named(forever(), "r"), bg_tasks=[task], label="t")

    simulation.run(scenario())
    simulation.run(supervised(fail(BUG)))
    traced = [record for record in caplog.records if record.exc_info]
    assert [record.exc_info[1] for record in traced] == [BUG, BUG]  # one for each of the two runs


def test_the_task_tree_shows_the_tasks_below_their_supervisor(simulation, monkeypatch):
    awaited_by = set()
    monkeypatch.setattr(supervise, "_add_awaited_by", lambda *pair: awaited_by.add(pair))
    monkeypatch.setattr(supervise, "_discard_awaited_by", lambda *pair: awaited_by.remove(pair))

    async def scenario():
        tasks = [named(asyncio.sleep(2), "receive"), named(forever(), "bg")]
        supervision = asyncio.create_task(
            supervise_tasks(receive_task=tasks[0], bg_tasks=tasks[1:], label="t")
        )
        await asyncio.sleep(1)
        assert awaited_by == {(task, supervision) for task in tasks}
        await supervision
        assert not awaited_by

    simulation.run(scenario())
