# ruff: noqa: ASYNC251 -- blocking the thread is what is tested
"""A session that never returns to the loop ends the replay; what measures or waits does not."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from apart import apart
from blocking_sessions import SOON, busy_for, for_ever, in_a_library, place_in, suspect_soon
from departures import after_disconnect, scenario

from ghosts.lab import Lab, LabError
from ghosts.pusher import PusherSession
from ghosts.replay.run import replay
from ghosts.simulation import blocked
from ghosts.simulation.spin import SpinError
from ghosts.simulation.test_bed import TestBed


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    suspect_soon(monkeypatch)


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (for_ever, f"^task '[^']+' does not return .*; {place_in('for_ever')}"),
        (in_a_library, place_in("in_a_library", "json.dumps")),
    ],
)
def test_a_session_that_does_not_return_to_the_loop_is_named_with_its_line(
    then: Callable[[PusherSession], Awaitable[object]], said: str
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


def test_measuring_the_pod_may_take_longer_than_the_limit() -> None:
    def measure(bed: TestBed) -> None:
        busy_for(3 * SOON)

    last = replay(scenario(2), "supervised", at_end=measure, measure_memory=False).last
    assert last.gauge == 0


def test_a_session_that_waits_for_its_debugger_is_left_alone() -> None:
    async def halted(session: PusherSession) -> None:
        time.sleep(3 * SOON)  # which takes no processor time, as reading from a terminal takes none

    assert replay(scenario(), after_disconnect(halted), measure_memory=False).last.gauge == 0


def test_many_short_steps_of_a_session_are_not_taken_for_one_long_one() -> None:
    async def working(session: PusherSession) -> None:
        for _ in range(30):
            busy_for(SOON / 10)
            await asyncio.sleep(1)

    assert replay(scenario(), after_disconnect(working), measure_memory=False).last.gauge == 0
