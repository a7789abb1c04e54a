"""A session that has ended and stays in memory is counted, with its bytes, and who keeps it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from apart import apart
from lifecycles import MIB, for_ever, scenario, session_of

from ghosts.lab import Lab
from ghosts.pusher import PusherSession
from ghosts.records.device_group import Leave
from ghosts.records.recording import Recording
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay

A_LIST: list[object] = []
A_DICT: dict[str, object] = {}


@pytest.fixture(autouse=True)
def _keep_nothing() -> Iterator[None]:
    """Also no log record, of which pytest would keep the exception that it is about."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)
    A_LIST.clear()
    A_DICT.clear()


# --- who keeps a session --------------------------------------------------------------------------


async def in_a_list_of_a_module(session: PusherSession) -> None:
    A_LIST.append(session)


async def in_a_closure_in_a_dict(session: PusherSession) -> None:
    A_DICT[session.uid] = lambda: session.uid


async def in_a_bound_method(session: PusherSession) -> None:
    A_LIST.append(session.close)


async def in_a_callback_of_a_future(session: PusherSession) -> None:
    future = asyncio.get_running_loop().create_future()
    A_LIST.append(future)
    future.add_done_callback(lambda _: print(session))


async def in_a_timer(session: PusherSession) -> None:
    asyncio.get_running_loop().call_later(9_999, print, session)


async def in_an_orphan_task(session: PusherSession) -> None:
    async def orphan() -> None:
        await for_ever()
        print(session)

    A_LIST.append(asyncio.create_task(orphan()))


async def in_the_traceback_of_a_stored_exception(session: PusherSession) -> None:
    def fails(kept: PusherSession) -> None:
        raise LookupError(kept.uid)

    try:
        fails(session)
    except LookupError as error:
        A_LIST.append(error)


async def in_the_context_of_an_exception(session: PusherSession) -> None:
    try:
        await in_the_traceback_of_a_stored_exception(session)
        raise A_LIST.pop()  # type: ignore[misc]
    except LookupError:
        try:
            raise ValueError
        except ValueError as error:
            A_LIST.append(error.with_traceback(None))


async def in_a_generator(session: PusherSession) -> None:
    def frames() -> Any:
        yield session.uid
        yield session

    generator = frames()
    next(generator)
    A_LIST.append(generator)


async def in_a_cycle_only(session: PusherSession) -> None:
    session.itself = session  # type: ignore[attr-defined]
    loop: list[Any] = [session]
    loop.append(loop)


async def by_nobody(session: PusherSession) -> None:
    pass


LEAKING = [
    in_a_list_of_a_module,
    in_a_closure_in_a_dict,
    in_a_bound_method,
    in_a_callback_of_a_future,
    in_a_timer,
    in_an_orphan_task,
    in_the_traceback_of_a_stored_exception,
    in_the_context_of_an_exception,
    in_a_generator,
]


def run(keep: Callable[[PusherSession], Awaitable[object]], **keys: Any) -> Recording:
    return replay(scenario(leaving=3, staying=1, **keys), session_of(after=keep))


@pytest.mark.parametrize("keep", LEAKING, ids=lambda keep: keep.__name__)
def test_a_session_that_is_kept_is_counted_with_its_bytes(
    keep: Callable[[PusherSession], Awaitable[object]],
) -> None:
    last = run(keep).last
    held = 3 * 100 * 800 * 2  # which nobody has sent
    assert (last.leaked_sessions, last.ghosts, last.gauge) == (3, 0, 1)
    assert held < last.leaked_bytes < held + MIB
    assert last.retained_bytes == 0


@pytest.mark.parametrize("keep", [in_a_cycle_only, by_nobody])
def test_a_session_that_nobody_keeps_does_not_leak(
    keep: Callable[[PusherSession], Awaitable[object]],
) -> None:
    last = run(keep).last
    assert (last.leaked_sessions, last.leaked_bytes) == (0, 0)


def test_leaked_sessions_are_found_at_a_collection_and_not_before_whatever_is_sampled() -> None:
    by_interval = {
        every: {
            sample.t: sample.leaked_sessions
            for sample in run(in_a_list_of_a_module, duration=1_200, sample_every=every).samples
        }
        for every in (100, 300)
    }
    assert by_interval[300] == {300.5: 0, 600.5: 0, 900.5: 3, 1200.5: 3}
    assert {t: by_interval[100][t] for t in by_interval[300]} == by_interval[300]


def test_a_session_that_is_let_go_does_not_leak_any_more() -> None:
    async def let_go(session: PusherSession) -> None:
        A_LIST.append(session)
        asyncio.get_running_loop().call_later(1_000, A_LIST.clear)

    leaked = [
        each.leaked_sessions for each in run(let_go, duration=1_500, sample_every=500).samples
    ]
    assert leaked == [0, 3, 0]


@pytest.mark.parametrize("leave", [Leave.CLOSE, Leave.RESET, Leave.VANISH])
@pytest.mark.parametrize("variant", ["gather_all", "supervised", "shipped"])
def test_no_session_of_a_healthy_pod_leaks(variant: str, leave: Leave) -> None:
    one = scenario(leaving=4, staying=1, sample_every=300)
    busy = {
        "leave": leave,
        "transcript_every": 10,
        "speaker_sample_every": 20,
        "switch_conversation_every": 30,
        "process_conversation_every": 40,
    }
    leaving = replace(one.devices[0], **busy)
    one = replace(one, devices=(leaving, one.devices[1]), audio_webhook_seconds=30)
    last = replay(one, variant).last
    assert (last.leaked_sessions, last.leaked_bytes, last.ghosts) == (0, 0, 0)
    assert (last.gauge, last.tcp, last.orphans) == (1, 1, 0)


@pytest.mark.parametrize("variant", ["gather_all", "shipped"])
def test_no_session_of_listen_leaks_either(variant: str) -> None:
    one = load_scenario("podcast")
    radio = replace(one.devices[0], arrive=(0, 10), stay=(100, 100), count=2)
    recording = replay(replace(one, duration=300, devices=(radio,), scale=0.1), variant)
    last = recording.last
    assert last.listen is not None
    assert len(recording.times("listening_closed")) == 2
    assert (last.leaked_sessions, last.listen.leaked_sessions) == (0, 0)


def test_a_session_that_crashes_does_not_leak() -> None:
    async def crash(session: PusherSession) -> None:
        raise LookupError(session.uid)

    recording = run(crash)
    assert recording.last.leaked_sessions == 0
    assert [event.kind for event in recording.events].count("session_crashed") == 3


# --- the lab --------------------------------------------------------------------------------------


WAYS = [
    (in_a_list_of_a_module, "A_LIST"),
    (in_a_closure_in_a_dict, "A_DICT"),
    (in_a_callback_of_a_future, "callback"),
    (in_an_orphan_task, "task 'Task-"),
    (in_the_traceback_of_a_stored_exception, "LookupError"),
    (in_a_cycle_only, "nobody: it has no row"),
]


def leaks() -> tuple[dict[Any, Any], int, int, bool]:
    async def in_a_way_of_its_own(session: PusherSession) -> None:
        keep, _ = WAYS[int(session.uid[-3:])]
        await keep(session)

    with Lab(session_of(after=in_a_way_of_its_own)) as lab:
        lab.connect(len(WAYS) + 1)
        lab.advance(minutes=2)
        lab.disconnect(len(WAYS))
        counts = lab.advance(seconds=30)
        table = lab.leaks()
        return table.to_dict("index"), counts.leaked_sessions, counts.gauge, lab.counts() == counts


@pytest.mark.slow
def test_the_lab_says_who_keeps_a_leaked_session() -> None:
    rows, leaked, gauge, same = apart(leaks)
    assert (leaked, gauge, same) == (5, 1, True)
    assert sorted(rows) == [f"device-{number:03}" for number in range(5)]
    for uid, row in rows.items():
        keep, holder = WAYS[int(uid[-3:])]
        assert holder in row["kept by"], (keep, row)
        assert row["memory MiB"] == pytest.approx(120 * 1600 / MIB, abs=0.1)
