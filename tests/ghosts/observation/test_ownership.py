"""A task is a session's if it was created in its context, however, and whatever its name."""

import asyncio
import contextvars
import gc
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import anyio
import pytest
from apart import apart
from lifecycles import for_ever, run, scenario, session_of

from ghosts.lab import Lab
from ghosts.observation.ownership import context_of, owned_by, owner_in, tasks_by_owner
from ghosts.pusher import PusherSession
from ghosts.records.device_group import DeviceGroup
from ghosts.records.scenario import DevicePlan
from ghosts.replay.run import replay
from ghosts.simulation.clock import simulate
from ghosts.simulation.devices import arrive
from ghosts.simulation.test_bed import open_test_bed

KEPT: set[object] = set()


@pytest.fixture(autouse=True)
def _keep_nothing() -> Iterator[None]:
    yield
    KEPT.clear()


def keep(task: "asyncio.Future[Any]") -> "asyncio.Future[Any]":
    KEPT.add(task)
    return task


# --- ways to create a task, each of which leaves as many as it says -------------------------------


async def create_task(session: PusherSession) -> None:
    keep(asyncio.create_task(for_ever()))


async def another_name(session: PusherSession) -> None:
    keep(asyncio.create_task(for_ever(), name="ws:somebody-else:receive"))


async def ensure_future(session: PusherSession) -> None:
    keep(asyncio.ensure_future(for_ever()))


async def constructor(session: PusherSession) -> None:
    keep(asyncio.Task(for_ever(), name="made by hand"))


async def gather(session: PusherSession) -> None:
    keep(asyncio.gather(for_ever(), for_ever()))


async def gather_in_gather(session: PusherSession) -> None:
    keep(asyncio.gather(asyncio.gather(for_ever(), for_ever()), for_ever()))


async def as_completed(session: PusherSession) -> None:
    keep(asyncio.ensure_future(next(asyncio.as_completed([for_ever(), for_ever()]))))
    KEPT.update(asyncio.all_tasks())  # the loop does not


async def task_group(session: PusherSession) -> None:
    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(for_ever())

    keep(asyncio.create_task(group()))


async def anyio_group(session: PusherSession) -> None:
    async def group() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(for_ever)

    keep(asyncio.create_task(group()))


async def wait_for(session: PusherSession) -> None:
    keep(asyncio.ensure_future(asyncio.wait_for(asyncio.create_task(for_ever()), 9_999)))


async def shield(session: PusherSession) -> None:
    keep(asyncio.shield(for_ever()))


async def grandchildren(session: PusherSession) -> None:
    async def child(depth: int) -> None:
        if depth:
            keep(asyncio.create_task(child(depth - 1)))
        await for_ever()

    await child_started(child(3))


async def child_started(coroutine: Any) -> None:
    keep(asyncio.create_task(coroutine))
    await asyncio.sleep(0.1)


async def call_soon(session: PusherSession) -> None:
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: keep(loop.create_task(for_ever())))


async def call_later(session: PusherSession) -> None:
    loop = asyncio.get_running_loop()
    loop.call_later(50, lambda: keep(loop.create_task(for_ever())))


async def from_a_thread(session: PusherSession) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        lambda: loop.call_soon_threadsafe(lambda: keep(loop.create_task(for_ever())))
    )


async def done_callback(session: PusherSession) -> None:
    first = asyncio.create_task(asyncio.sleep(1))
    first.add_done_callback(lambda _: keep(asyncio.create_task(for_ever())))


async def with_callbacks_of_others(session: PusherSession) -> None:
    """In whose contexts callbacks run does not matter."""
    task = keep(asyncio.create_task(for_ever()))
    for _ in range(3):
        task.add_done_callback(print, context=contextvars.Context())


async def in_a_copied_context(session: PusherSession) -> None:
    context = contextvars.copy_context()
    keep(asyncio.create_task(for_ever(), context=context))


WAYS = [
    (create_task, 1),
    (another_name, 1),
    (ensure_future, 1),
    (constructor, 1),
    (gather, 2),
    (gather_in_gather, 3),
    (as_completed, 3),
    (task_group, 2),
    (anyio_group, 2),
    (wait_for, 2),
    (shield, 1),
    (grandchildren, 4),
    (call_soon, 1),
    (call_later, 1),
    (from_a_thread, 1),
    (done_callback, 1),
    (with_callbacks_of_others, 1),
    (in_a_copied_context, 1),
]


@pytest.mark.parametrize(("way", "tasks"), WAYS, ids=[way.__name__ for way, _ in WAYS])
def test_a_task_that_is_left_behind_is_an_orphan_however_it_was_created(
    way: Callable[[PusherSession], Awaitable[object]], tasks: int
) -> None:
    last = run(session_of(first=way), leaving=2, staying=1).last
    # That of the device that stays, and its handler, are tasks and no orphans.
    assert (last.orphans, last.tasks) == (2 * tasks, 3 * tasks + 1)


def test_the_same_on_a_task_of_the_program_that_is_no_session_is_nobodys() -> None:
    async def main() -> list[object]:
        keep(asyncio.create_task(for_ever()))
        with owned_by("somebody"):
            mine = asyncio.create_task(for_ever())
        keep(asyncio.create_task(for_ever()))
        loop = asyncio.get_running_loop()
        assert owner_in(context_of(mine)) == "somebody"
        return [tasks_by_owner(loop, str), tasks_by_owner(loop, int), mine]

    of_text, of_numbers, mine = simulate(main)
    assert (of_text, of_numbers) == ({"somebody": [mine]}, {})


def test_an_orphan_that_comes_long_after_its_session_and_after_collections_is_counted() -> None:
    async def comes_back(session: PusherSession) -> None:
        loop = asyncio.get_running_loop()

        def again() -> None:
            keep(loop.create_task(asyncio.sleep(10)))
            loop.call_later(100, again)

        loop.call_later(2_000, again)

    counts: list[int] = []
    run(
        session_of(first=comes_back),
        lambda bed: counts.append(len(bed.observer.sessions.orphans())),
        duration=2_205,
    )
    assert counts == [1]


@pytest.mark.parametrize("variant", ["gather_all", "supervised", "shipped"])
def test_sessions_that_have_ended_leave_no_orphans_whatever_they_called(variant: str) -> None:
    group = DeviceGroup(
        name="busy",
        count=3,
        stay=(100, 200),
        transcript_every=10,
        speaker_sample_every=20,
        switch_conversation_every=30,
        process_conversation_every=40,
    )
    left: list[object] = []
    busy = replace(scenario(duration=400), devices=(group,), audio_webhook_seconds=30)
    last = replay(
        busy,
        variant,
        measure_memory=False,
        at_end=lambda bed: left.append(bed.observer.sessions.tasks()),
    ).last
    assert (last.orphans, last.tasks, left) == (0, 0, [{}])


def test_two_sessions_of_one_user_are_told_apart() -> None:
    seen: list[Any] = []

    async def main() -> None:
        variant = session_of(first=create_task, after=lambda _: for_ever())
        one = scenario(staying=1)
        plan = DevicePlan("ada", one.devices[0], 0, None)
        async with open_test_bed(variant, measure_memory=False) as bed:
            first = await arrive(plan, one, bed.pusher.port, bed.observer.note)
            await asyncio.sleep(10)
            await arrive(plan, one, bed.pusher.port, bed.observer.note)
            await asyncio.sleep(10)
            assert first is not None
            first.drop()
            await asyncio.sleep(200)
            tracker = bed.observer.sessions
            tasks = tracker.tasks()
            seen.append([(each.uid, str(state)) for each, state in tracker.states()])
            seen.append([each.uid for each in tracker.ghosts])
            seen.append(sorted(len(tasks[each]) for each in tracker.open))
            seen.append(all(each.handler in tasks[each] for each in tracker.open))
            seen.append(len({id(task) for each in tasks.values() for task in each}))

    simulate(main)
    assert sorted(seen[0]) == [("ada", "connected"), ("ada", "ghost")]
    assert seen[1:] == [["ada"], [2, 2], True, 4]


def test_a_session_is_not_kept_in_memory_by_the_contexts_of_its_tasks() -> None:
    def sessions() -> set[int]:
        gc.collect()
        return {id(each) for each in gc.get_objects() if isinstance(each, PusherSession)}

    alive: list[set[int]] = []
    others = sessions()  # of other tests: anyio keeps the task of a scope that is never left
    last = run(session_of(first=create_task), lambda bed: alive.append(sessions()), leaving=3).last
    assert last.orphans == 3
    assert alive[0] <= others


# --- the lab --------------------------------------------------------------------------------------


def stuck() -> list[Any]:
    async def a_call_without_an_answer(session: PusherSession) -> None:
        await asyncio.get_running_loop().create_future()  # the answer

    with Lab(session_of(first=another_name, after=a_call_without_an_answer)) as lab:
        lab.connect(2)
        lab.advance(minutes=1)
        lab.disconnect("device-000")
        lab.advance(minutes=4)
        waits = lab.waits("device-000")
        tasks = [task.get_name() for task in lab.tasks("device-000")[1:]]
        connected = lab.waits("device-001")
        before = lab.counts()
        for _ in range(3):  # looks only
            lab.table(), lab.waits("device-000"), lab.leaks(), repr(lab)
        return [waits.to_dict("index"), tasks, connected.loc["handler", "waits in"],
                before == lab.counts()]  # fmt: skip


@pytest.mark.slow
def test_the_lab_says_where_a_stuck_handler_waits_and_for_how_long() -> None:
    waits, tasks, connected, same = apart(stuck)
    assert list(waits) == ["handler", "receive"]
    handler = waits["handler"]
    assert handler["waits in"] == "a_call_without_an_answer"
    assert handler["line"].endswith("# the answer")
    assert 4 * 60 - 15 <= handler["seconds"] <= 4 * 60
    assert waits["receive"]["waits in"] == "for_ever"
    assert 5 * 60 - 15 <= waits["receive"]["seconds"] <= 5 * 60
    assert (tasks, connected, same) == (["ws:somebody-else:receive"], "BaseSession.receive", True)
