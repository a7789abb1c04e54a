"""The devices: real WebSocket clients that follow a plan."""

import asyncio
import socket
import struct
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.protocol import State

from ghosts.pusher import wire
from ghosts.replay.clock import sleep_until
from ghosts.replay.scenario import HEARTBEAT_SECONDS, DevicePlan, Leave, Scenario

EPOCH = 1_778_630_400.0
"""Unix time of simulated second 0: 2026-05-13 00:00 UTC."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_HEARTBEAT = wire.encode(wire.Heartbeat())

OnEvent = Callable[[str, str, str], None]
"""Takes the kind of an event, the uid, and a detail."""


class Device:
    """One device: it connects, sends on whole seconds, and leaves as planned."""

    def __init__(self, plan: DevicePlan, scenario: Scenario, port: int, on_event: OnEvent) -> None:
        self._plan = plan
        self._rate = scenario.sample_rate
        self._step = scenario.frame_seconds
        self._pcm = bytes(self._step * self._rate * 2)
        self._on_event = on_event
        self._url = (
            f"ws://127.0.0.1:{port}/v1/trigger/listen?uid={plan.uid}&sample_rate={self._rate}"
        )
        self._conversations = 0

    async def run(self) -> None:
        """Live the plan. Returns when it has left, or the server has closed the connection."""
        await sleep_until(self._plan.arrives_at)
        try:
            connection = await connect(
                self._url, proxy=None, compression=None, ping_interval=None, max_queue=None
            )
        except (OSError, InvalidHandshake) as error:
            self._on_event("device_refused", self._plan.uid, str(error))
            return
        self._on_event("device_arrived", self._plan.uid, "")
        try:
            await self._switch_conversation(connection)
            await self._talk(connection)
            await self._leave(connection)
        except ConnectionClosed as closed:
            self._on_event("device_cut_off", self._plan.uid, str(closed))
        finally:
            connection.transport.abort()

    async def _talk(self, connection: ClientConnection) -> None:
        arrived, leaves = self._plan.arrives_at, self._plan.leaves_at
        sent_until = arrived
        while leaves is None or sent_until + self._step <= leaves:
            await sleep_until(sent_until + self._step)
            await self._send_audio(connection, sent_until, self._pcm)
            sent_until += self._step
            await self._send_the_rest(connection, sent_until - arrived)
        await sleep_until(leaves)
        if leaves > sent_until:
            rest = bytes((leaves - sent_until) * self._rate * 2)
            await self._send_audio(connection, sent_until, rest)

    async def _send_audio(self, connection: ClientConnection, second: int, pcm: bytes) -> None:
        await _send(connection, wire.encode(wire.Audio(EPOCH + second, pcm)))

    async def _send_the_rest(self, connection: ClientConnection, elapsed: int) -> None:
        if elapsed % 10:
            return
        if elapsed % HEARTBEAT_SECONDS == 0:
            await _send(connection, _HEARTBEAT)
        group = self._plan.group
        if _is_time(group.transcript_every, elapsed):
            await _send(connection, wire.encode(self._transcript(elapsed)))
        if _is_time(group.speaker_sample_every, elapsed):
            sample = wire.SpeakerSample("person", self._conversation_id, [f"segment-{elapsed}"])
            await _send(connection, wire.encode(sample))
        if _is_time(group.process_conversation_every, elapsed):
            request = wire.ProcessConversation(self._conversation_id, "en")
            await _send(connection, wire.encode(request))
        if _is_time(group.switch_conversation_every, elapsed):
            await self._switch_conversation(connection)

    @property
    def _conversation_id(self) -> str:
        return f"{self._plan.uid}/{self._conversations}"

    async def _switch_conversation(self, connection: ClientConnection) -> None:
        self._conversations += 1
        await _send(connection, wire.encode(wire.Conversation(self._conversation_id)))

    def _transcript(self, elapsed: int) -> wire.Transcript:
        segment = {"id": f"segment-{elapsed}", "text": "and so on", "start": elapsed - 10.0}
        return wire.Transcript([segment], self._conversation_id)

    async def _leave(self, connection: ClientConnection) -> None:
        leave = self._plan.group.leave
        self._on_event("device_left", self._plan.uid, leave)
        match leave:
            case Leave.CLOSE:
                await connection.close()
            case Leave.RESET:
                link: socket.socket = connection.transport.get_extra_info("socket")
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            case Leave.VANISH:
                connection.transport.pause_reading()
                await asyncio.get_running_loop().create_future()
            case Leave.SILENT:
                await connection.wait_closed()


async def _send(connection: ClientConnection, frame: bytes) -> None:
    """Send without the flow control that loopback does not need: a third of a frame's cost."""
    if connection.state is not State.OPEN:
        await connection.send(frame)  # raises what closed the connection
    broadcast([connection], frame)


def _is_time(every: int | None, elapsed: int) -> bool:
    return every is not None and elapsed % every == 0
