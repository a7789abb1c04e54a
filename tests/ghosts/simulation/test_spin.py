# ruff: noqa: ASYNC110, ASYNC251 -- polling, and blocking the thread, is what is tested
"""What never lets the loop idle ends the replay, or the lab's call, with an error that names it."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import anyio
import pytest
from apart import apart
from departures import after_disconnect, scenario

from ghosts.lab import Lab, LabError
from ghosts.pusher import PusherSession
from ghosts.records.device_group import DeviceGroup
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay
from ghosts.simulation import spin
from ghosts.simulation.clock import simulate
from ghosts.simulation.spin import SpinError

KEPT: list[object] = []
"""Refers to what would otherwise be collected, and stopped by that, before its time."""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Suspect sooner than in a replay; what then counts as a spin is as ever."""
    monkeypatch.setattr(spin, "_CPU_SECONDS", 0.1)
    yield
    KEPT.clear()


async def for_ever() -> None:
    await asyncio.Event().wait()


# --- each way to spin: what is done, and the line that the error names ----------------------------


async def without_a_pause(session: PusherSession) -> None:
    while True:
        await asyncio.sleep(0)  # this line


async def swallows_cancellation(session: PusherSession) -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)  # this line


async def in_a_cancelled_scope_of_anyio(session: PusherSession) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        while True:
            with suppress(asyncio.CancelledError):
                await anyio.sleep(3600)  # this line


async def in_a_child(session: PusherSession) -> None:
    async def child() -> None:
        while True:
            await asyncio.sleep(0)  # this line

    async with asyncio.TaskGroup() as group:
        group.create_task(for_ever())
        group.create_task(child(), name="the one")


async def two_wake_each_other(session: PusherSession) -> None:
    one, other = asyncio.Event(), asyncio.Event()

    async def passes_on(mine: asyncio.Event, its: asyncio.Event) -> None:
        while True:
            await mine.wait()  # this line
            mine.clear()
            its.set()

    one.set()
    await asyncio.gather(passes_on(one, other), passes_on(other, one))


async def fifty_wake_each_other(session: PusherSession) -> None:
    events = [asyncio.Event() for _ in range(50)]

    async def passes_on(number: int) -> None:
        while True:
            await events[number].wait()  # this line
            events[number].clear()
            events[(number + 1) % 50].set()

    events[0].set()
    await asyncio.gather(*map(passes_on, range(50)))


async def by_call_soon(session: PusherSession) -> None:
    def again() -> None:  # this line
        asyncio.get_running_loop().call_soon(again)

    again()
    await for_ever()


async def by_a_timer_that_is_due(session: PusherSession) -> None:
    def again() -> None:  # this line
        asyncio.get_running_loop().call_later(0, again)

    again()
    await for_ever()


async def by_a_method(session: PusherSession) -> None:
    class Poller:
        def poll(self) -> None:  # this line
            asyncio.get_running_loop().call_soon(functools.partial(self.poll))

    Poller().poll()
    await for_ever()


async def each_task_makes_the_next(session: PusherSession) -> None:
    async def the_next() -> None:
        KEPT[:] = [asyncio.create_task(the_next())]

    await the_next()
    await for_ever()


async def polls_with_a_timeout_of_nothing(session: PusherSession) -> None:
    answer = asyncio.create_task(for_ever())
    while True:
        await asyncio.wait([answer], timeout=0)  # this line


async def pauses_for_a_microsecond(session: PusherSession) -> None:
    while True:
        await asyncio.sleep(1e-6)  # this line


async def tries_again_at_once(session: PusherSession) -> None:
    while True:
        await session._clients.features(session.uid)


async def at_cancellation(session: PusherSession) -> None:
    try:
        await for_ever()
    finally:
        while True:
            await asyncio.sleep(0)  # this line


async def in_an_orphan_at_the_end(session: PusherSession) -> None:
    KEPT.append(asyncio.create_task(at_cancellation(session), name="orphan"))


async def in_a_generator_at_the_end(session: PusherSession) -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            while True:
                await asyncio.sleep(0)  # this line

    KEPT.append(numbers())
    await anext(KEPT[-1])


async def spins_again_when_cancelled(session: PusherSession) -> None:
    KEPT.append(asyncio.create_task(at_cancellation(session)))
    await without_a_pause(session)


IN_A_TASK = [
    (without_a_pause, "without_a_pause"),
    (swallows_cancellation, "swallows_cancellation"),
    (in_a_cancelled_scope_of_anyio, "in_a_cancelled_scope_of_anyio"),
    (in_a_child, "child"),
    (two_wake_each_other, "passes_on"),
    (fifty_wake_each_other, "passes_on"),
    (polls_with_a_timeout_of_nothing, "polls_with_a_timeout_of_nothing"),
    (pauses_for_a_microsecond, "pauses_for_a_microsecond"),
    (at_cancellation, "at_cancellation"),
    (in_an_orphan_at_the_end, "at_cancellation"),
    (in_a_generator_at_the_end, "numbers"),
    (spins_again_when_cancelled, "without_a_pause"),
]


@pytest.mark.parametrize(
    ("then", "function"), IN_A_TASK, ids=[then.__name__ for then, _ in IN_A_TASK]
)
def test_a_task_that_spins_is_named_with_its_line(
    monkeypatch: pytest.MonkeyPatch, then: Callable[..., Any], function: str
) -> None:
    if then is pauses_for_a_microsecond:
        monkeypatch.setattr(spin, "_MOMENT", 10.0)  # as 0.2 s is to 2 s of processor time
    with pytest.raises(SpinError) as raised:
        replay(scenario(), after_disconnect(then), measure_memory=False)
    text = str(raised.value)
    assert text.startswith("task '"), text
    assert f"it is in {function}, at " in text, text
    assert "test_spin.py:" in text, text
    assert text.endswith("# this line"), text


def test_a_named_task_is_named() -> None:
    with pytest.raises(SpinError, match=r"^task 'the one' never lets the loop idle"):
        replay(scenario(), after_disconnect(in_a_child), measure_memory=False)


@pytest.mark.parametrize(
    ("then", "name"),
    [(by_call_soon, "again"), (by_a_timer_that_is_due, "again"), (by_a_method, "Poller.poll")],
)
def test_a_callback_that_spins_is_named_with_its_line_and_its_session(
    then: Callable[..., Any], name: str
) -> None:
    place = r"it is at test_spin.py:\d+: def .*# this line; task 'Task-\d+', .* in for_ever, at "
    with pytest.raises(SpinError, match=rf"^callback {name} never .*; {place}"):
        replay(scenario(), after_disconnect(then), measure_memory=False)


def test_a_task_that_has_not_begun_is_named_by_its_function() -> None:
    with pytest.raises(SpinError, match=r"^task 'Task-\d+' never .* it is in .*the_next$"):
        replay(scenario(), after_disconnect(each_task_makes_the_next), measure_memory=False)


def test_a_session_that_asks_a_service_again_at_once_is_named_and_not_the_service() -> None:
    with pytest.raises(SpinError, match=r"it is in Service\.call, at .*http\.py"):
        replay(scenario(), after_disconnect(tries_again_at_once), measure_memory=False)


# --- however long a turn takes --------------------------------------------------------------------


def test_twenty_that_spin_and_swallow_cancellation_end_after_few_of_their_slow_turns() -> None:
    turns: list[str] = []

    async def slowly(session: PusherSession) -> None:
        while True:
            turns.append(session.uid)
            began = time.thread_time()
            while time.thread_time() - began < 0.001:
                pass
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)

    with pytest.raises(SpinError, match="it is in slowly, at "):
        replay(scenario(20), after_disconnect(slowly), measure_memory=False)
    # The clock is read every 8 turns, and 32 are watched: in a replay, where 2 s come before them
    # and a turn of all takes 0.1 s, as it does where each takes 5 ms, that is 6 s.
    assert len(turns) < 20 * (8 + 8 + 8 + 32)


def test_a_spin_that_blocks_the_thread_and_takes_no_processor_time_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spin, "_CPU_SECONDS", 1e9)
    monkeypatch.setattr(spin, "_REAL_SECONDS", 0.3)

    async def blocking(session: PusherSession) -> None:
        while True:
            time.sleep(0.005)
            await asyncio.sleep(0)

    with pytest.raises(SpinError, match="it is in blocking, at "):
        replay(scenario(), after_disconnect(blocking), measure_memory=False)


def test_what_the_simulation_itself_runs_is_ended_too() -> None:
    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(SpinError, match=r"it is in .*main, at "):
        simulate(main)


def test_a_spin_that_main_outlives_is_still_raised() -> None:
    async def spinning() -> None:
        while True:
            await asyncio.sleep(0)

    async def main() -> str:
        task = asyncio.create_task(spinning())
        try:
            await for_ever()
        except asyncio.CancelledError:
            task.cancel()
        return "as though nothing had been"

    with pytest.raises(SpinError, match=r"it is in .*spinning, at "):
        simulate(main)


def test_a_cleanup_that_waits_for_what_has_spun_has_a_bound() -> None:
    async def main() -> None:
        task = asyncio.create_task(without_a_pause(None))  # type: ignore[arg-type]
        try:
            await for_ever()
        finally:
            await asyncio.wait([task])

    with pytest.raises(SpinError, match="it is in without_a_pause, at "):
        simulate(main)


# --- no false alarm -------------------------------------------------------------------------------


class Suspicious(spin.SpinDetector):
    """Suspects from the first turn on, as on a machine on which each turn takes seconds."""

    detected: list[spin.SpinDetector]
    turns: list[int]

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._limit = -1.0

    def _check(self) -> None:
        self.turns.append(self._turns)
        super()._check()


def test_a_crowd_that_connects_in_one_second_is_no_spin_however_slow_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Suspicious, "turns", [], raising=False)
    monkeypatch.setattr("ghosts.simulation.clock.SpinDetector", Suspicious)
    group = DeviceGroup(name="crowd", count=300, arrive=(1, 1), stay=(20, 20))
    crowd = Scenario(name="crowd", summary="", seed=1, duration=30, devices=(group,))
    last = replay(crowd, "supervised", measure_memory=False).last
    assert (last.gauge, last.tcp) == (0, 0)
    assert 0 < max(Suspicious.turns) < spin._TURNS / 2


def test_a_long_loop_that_yields_now_and_then_is_no_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spin, "_CPU_SECONDS", 2.0)

    async def main() -> float:
        for _ in range(20_000):
            await asyncio.sleep(0)
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert simulate(main) == 3600.0


# --- the lab --------------------------------------------------------------------------------------


def lab_that_spins() -> list[Any]:
    spin._CPU_SECONDS = 0.1
    seen: list[Any] = []
    with Lab(after_disconnect(swallows_cancellation)) as lab:
        lab.connect(3)
        lab.advance(seconds=30)
        for call in (lambda: lab.disconnect("device-000"), lambda: lab.disconnect("device-001")):
            try:
                call()
            except LabError as error:
                seen.append(str(error))
        after = lab.advance(minutes=4)
        seen += [after.t > 260, after.gauge, after.tcp, after.ghosts]
        seen.append(list(lab.waits("device-000")["waits in"]))
    return seen


def lab_whose_session_spins_when_the_lab_is_closed() -> list[Any]:
    spin._CPU_SECONDS = 0.1
    lab = Lab(after_disconnect(at_cancellation))
    lab.connect(2)
    lab.disconnect(2)
    raised = ""
    try:
        lab.close()
    except LabError as error:
        raised = str(error)
    lab.close()
    with Lab("supervised") as another:
        return [raised, another.connect(2).gauge]


def test_a_lab_whose_sessions_spin_says_so_and_goes_on() -> None:
    first, second, *then = apart(lab_that_spins)
    for text in (first, second):
        assert "it is in swallows_cancellation, at " in text
        assert text.endswith("# this line")
    assert then == [True, 3, 1, 2, ["swallows_cancellation"]]


@pytest.mark.slow
def test_a_lab_whose_session_spins_at_its_end_can_be_closed() -> None:
    raised, gauge = apart(lab_whose_session_spins_when_the_lab_is_closed)
    assert "it is in at_cancellation, at " in raised
    assert gauge == 2
