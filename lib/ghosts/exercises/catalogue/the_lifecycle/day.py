"""Two devices that stay for a day, which is simulated in less than a second of processor time."""

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ghosts import protocol
from ghosts.exercises.catalogue.the_lifecycle.plans import (
    BYTES_PER_SECOND,
    DAY,
    DAY_LEFT_AT,
    LEAVES_AFTER_A_DAY,
    STAYS_A_DAY,
)
from ghosts.simulation.clock import SimulatedLoop, sleep_until
from ghosts.simulation.devices import EPOCH

_EVERY: Final = 240
"""Seconds between two frames: less than the 300 s after which a silent device may be cut off."""
_STEP_BY_STEP: Final = 3700
"""Until then time passes as in any run, and afterwards in steps of `_EVERY`."""
_CONVERSATION: Final = protocol.encode(protocol.Conversation("all-day"))


async def stay_for_a_day(port: int, left: Callable[[str], object]) -> None:
    """Connect a device now and one after an hour; that one leaves at `DAY_LEFT_AT`.

    At the departure an upload is under way, and audio is queued behind it. ``left`` is called with
    the uid. After the service has closed a connection, nothing more is sent.
    """
    url = f"ws://127.0.0.1:{port}{protocol.PUSHER_PATH}?sample_rate={BYTES_PER_SECOND // 2}&uid="
    try:
        async with connect(f"{url}{STAYS_A_DAY}", proxy=None, ping_interval=None) as stays:
            await stays.send(_CONVERSATION)
            while _now() < _STEP_BY_STEP:
                await _send(10, stays)
                await asyncio.sleep(_EVERY)
            async with connect(f"{url}{LEAVES_AFTER_A_DAY}", proxy=None, ping_interval=None) as one:
                await one.send(_CONVERSATION)
                try:
                    await _stay_and_leave(stays, one)
                finally:
                    left(LEAVES_AFTER_A_DAY)
            await stays.wait_closed()
    except ConnectionClosed:
        while _now() + _EVERY < DAY:
            await _jump()


async def _stay_and_leave(stays: ClientConnection, leaves: ClientConnection) -> None:
    while _now() + _EVERY < DAY_LEFT_AT - 2:
        await _send(10, stays, leaves)
        await _jump()
    await _send(10, stays, leaves)
    await sleep_until(DAY_LEFT_AT - 2)
    await _send(60, stays, leaves)
    await sleep_until(DAY_LEFT_AT)
    await _send(2, leaves)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _jump() -> None:
    """Move the clock forward by `_EVERY`. What is due in between is due at once, and once only.

    Step by step, the day of an answer that polls ten times a second would take most of a minute.
    """
    await asyncio.sleep(0.5)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    loop.setup_looptime(start=loop.time() + _EVERY - 0.5)


async def _send(seconds: int, *devices: ClientConnection) -> None:
    pcm = bytes(seconds * BYTES_PER_SECOND)
    for device in devices:
        await device.send(protocol.encode(protocol.Audio(EPOCH + int(_now()), pcm)))
