"""Variants and scenarios for the tests of this folder."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ghosts.pusher import Lifecycle, PusherSession
from ghosts.records.device_group import DeviceGroup
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario
from ghosts.replay.run import replay
from ghosts.simulation.test_bed import TestBed
from ghosts.variants import INCIDENT, Variant

MIB = 2**20


async def for_ever() -> None:
    await asyncio.Event().wait()


async def nothing(session: PusherSession) -> None:
    pass


def variant_with(lifecycle: Lifecycle, name: str = "test") -> Variant:
    """The incident with another lifecycle."""
    return INCIDENT.with_lifecycle(lifecycle, name=name)


def session_of(
    *,
    first: Callable[[PusherSession], Awaitable[object]] = nothing,
    after: Callable[[PusherSession], Awaitable[object]] = nothing,
) -> Variant:
    """A variant whose lifecycle calls ``first`` before it receives, ``after`` at disconnect."""

    async def lifecycle(session: PusherSession) -> None:
        session.gauge.inc()
        try:
            await first(session)
            await session.receive()
            await after(session)
        finally:
            session.gauge.dec()
            await session.close()

    return variant_with(lifecycle)


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
    variant: Variant | str, at_end: Callable[[TestBed], object] = lambda bed: None, **keys: Any
) -> Recording:
    """Replay such a scenario without measuring memory."""
    return replay(scenario(**keys), variant, measure_memory=False, at_end=at_end)
