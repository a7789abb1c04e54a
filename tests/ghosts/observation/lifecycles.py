"""Lifecycles, scenarios and looks for the tests of this folder."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ghosts.pusher import Lifecycle, Session
from ghosts.records.recording import Recording
from ghosts.records.scenario import DeviceGroup, Scenario
from ghosts.replay import replay
from ghosts.replay.pod import Pod

MIB = 2**20


async def for_ever() -> None:
    await asyncio.Event().wait()


async def nothing(session: Session) -> None:
    pass


def session_of(
    *,
    first: Callable[[Session], Awaitable[object]] = nothing,
    after: Callable[[Session], Awaitable[object]] = nothing,
) -> Lifecycle:
    """A lifecycle that does one thing before it receives, and another once its device has left."""

    async def lifecycle(session: Session) -> None:
        session.gauge.inc()
        try:
            await first(session)
            await session.receive()
            await after(session)
        finally:
            session.gauge.dec()
            await session.close()

    return lifecycle


def scenario(
    *, leaving: int = 1, staying: int = 0, duration: int = 600, stay: int = 100, **keys: Any
) -> Scenario:
    """Devices that leave after 100 s, and others that stay to the end."""
    groups = [
        DeviceGroup(name=name, count=count, stay=None if name == "staying" else (stay, stay))
        for name, count in (("leaving", leaving), ("staying", staying))
        if count
    ]
    defaults = {"name": "test", "summary": "", "seed": 1, "sample_every": duration}
    return Scenario(devices=tuple(groups), duration=duration, **defaults | keys)


def run(
    lifecycle: Lifecycle | str, at_end: Callable[[Pod], object] = lambda pod: None, **keys: Any
) -> Recording:
    """Replay such a scenario, memory aside."""
    return replay(scenario(**keys), lifecycle, measure_memory=False, at_end=at_end)
