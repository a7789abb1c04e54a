# ruff: noqa: ASYNC251 -- blocking the thread is what is tested
"""A session that never returns to the loop ends the replay; what measures or waits does not."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from apart import apart
from departures import after_disconnect, scenario

from ghosts.lab import Lab, LabError
from ghosts.pusher import Session
from ghosts.replay import Pod, blocked, replay
from ghosts.replay.spin import SpinError

SOON = 0.5
"""Seconds of processor time in which a turn is suspected here."""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Suspect sooner than in a replay."""
    monkeypatch.setattr(blocked, "_CPU_SECONDS", SOON)
    monkeypatch.setattr(blocked, "_LOOK_EVERY", 0.02)


def busy_for(seconds: float) -> None:
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass


async def for_ever(session: Session) -> None:
    while True:
        pass  # this line


async def suppresses_errors(session: Session) -> None:
    while True:
        try:
            raise ValueError
        except Exception:  # this line, or one beside it
            pass


async def in_a_library(session: Session) -> None:
    numbers = list(range(1_000))
    while True:
        json.dumps(numbers)


async def in_a_task(session: Session) -> None:
    await asyncio.create_task(for_ever(session), name="the one")


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (for_ever, r"it is in for_ever, at \S*test_blocked\.py:\d+: "),
        (suppresses_errors, r"it is in suppresses_errors, at \S*test_blocked\.py:\d+: "),
        (in_a_library, r"it is in in_a_library, at \S*test_blocked\.py:\d+: json\.dumps"),
        (in_a_task, r"^task 'the one' does not return .*; it is in for_ever, at "),
    ],
)
def test_a_session_that_does_not_return_to_the_loop_is_named_with_its_line(
    then: Callable[[Session], Awaitable[object]], said: str
) -> None:
    with pytest.raises(SpinError, match=said):
        replay(scenario(2), after_disconnect(then), measure_memory=False)


def lab_that_is_blocked() -> list[Any]:
    blocked._CPU_SECONDS = SOON
    with Lab(after_disconnect(for_ever)) as lab:
        lab.connect(3)
        try:
            lab.disconnect(1)
        except LabError as error:
            after = lab.advance(minutes=1)
            return [str(error), after.gauge, after.tcp, after.ghosts]
    return []


def test_a_lab_whose_session_does_not_return_to_the_loop_says_so_and_goes_on() -> None:
    said, *after = apart(lab_that_is_blocked)
    assert "it is in for_ever, at " in said
    assert after == [2, 2, 0]


def test_a_look_at_the_pod_may_take_its_time() -> None:
    def look(pod: Pod) -> None:
        busy_for(3 * SOON)

    last = replay(scenario(2), "supervised", at_end=look, measure_memory=False).last
    assert last.gauge == 0


def test_a_session_that_waits_for_its_debugger_is_left_alone() -> None:
    async def halted(session: Session) -> None:
        time.sleep(3 * SOON)  # which takes no processor time, as reading from a terminal takes none

    assert replay(scenario(2), after_disconnect(halted), measure_memory=False).last.gauge == 0


def test_many_short_steps_of_a_session_are_not_taken_for_one_long_one() -> None:
    async def working(session: Session) -> None:
        for _ in range(30):
            busy_for(SOON / 10)
            await asyncio.sleep(1)

    assert replay(scenario(2), after_disconnect(working), measure_memory=False).last.gauge == 0
