"""The yardstick: a plain asyncio TCP program that moves and keeps the frames of a scenario."""

import asyncio
import struct
from collections.abc import Iterator

from ghosts import protocol
from ghosts.records.scenario import DevicePlan, Scenario
from ghosts.simulation.clock import simulate, sleep_until

_LENGTH = struct.Struct("<I")


def frames(plan: DevicePlan, scenario: Scenario) -> Iterator[tuple[int, bytes]]:
    """Yield the second at which each of a device's audio frames is sent, and the frame."""
    pcm = bytes(scenario.frame_seconds * scenario.sample_rate * 2)
    end = min(plan.leaves_at or scenario.duration, scenario.duration)
    for second in range(plan.arrives_at, end - scenario.frame_seconds + 1, scenario.frame_seconds):
        yield second + scenario.frame_seconds, protocol.encode(protocol.Audio(float(second), pcm))


def move_and_keep(scenario: Scenario) -> int:
    """Send every frame of the scenario over TCP on simulated time; return the bytes kept."""
    return simulate(lambda: _move_and_keep(scenario))


async def _move_and_keep(scenario: Scenario) -> int:
    kept: list[bytes] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                kept.append(await reader.readexactly(length))
        except asyncio.IncompleteReadError:
            writer.close()

    async def send(plan: DevicePlan, port: int) -> None:
        await sleep_until(plan.arrives_at)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for second, frame in frames(plan, scenario):
            await sleep_until(second)
            writer.write(_LENGTH.pack(len(frame)) + frame)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(receive, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await asyncio.gather(*(send(plan, port) for plan in scenario.plans()))
        await asyncio.sleep(1)
    return sum(map(len, kept))
