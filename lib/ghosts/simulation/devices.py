"""The devices: real WebSocket clients, which follow a plan or are driven by hand."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import ClassVar, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.protocol import State

from async_tasks import create_named_task
from ghosts import protocol
from ghosts.protocol import LISTEN_PATH, PUSHER_PATH, device_messages
from ghosts.records.device_group import Leave
from ghosts.records.scenario import DevicePlan, Scenario, Through
from ghosts.simulation import podcast
from ghosts.simulation.clock import SimulatedLoop, sleep_until
from ghosts.simulation.ports import reset_on_close
from ghosts.simulation.receive_buffer import ReceiveBuffer

EPOCH = 1_778_630_400.0
"""Unix time of simulated second 0: 2026-05-13 00:00 UTC."""


_LOOPBACK: Final = "127.0.0.1"
OnEvent = Callable[[str, str, str], None]
"""Called with the kind of an event, the uid, and a detail."""


async def follow_plan(plan: DevicePlan, scenario: Scenario, port: int, on_event: OnEvent) -> None:
    """Run one device by its plan; return when the connection is closed, by either side."""
    await sleep_until(plan.arrives_at)
    device = await arrive(plan, scenario, port, on_event)
    if device is None:
        return
    try:
        if await device.talk():
            await device.leave(plan.group.leave)
            await device.wait_closed()
    finally:
        device.drop()


async def arrive(
    plan: DevicePlan, scenario: Scenario, port: int, on_event: OnEvent
) -> "Device | None":
    """Connect a device now, whatever its plan's time. Return None if it was refused."""
    kind = _KINDS[scenario.through]
    group = plan.group
    buffer = ReceiveBuffer(group.receive_buffer) if group.reading_key else None
    url = f"ws://{_LOOPBACK}:{port}{kind.path}?uid={plan.uid}&sample_rate={scenario.sample_rate}"
    try:
        connection = await connect(
            url,
            proxy=None,
            compression=None,
            ping_interval=None,
            max_queue=None,
            sock=None if buffer is None else await _connect_with(buffer, port),
        )
    except (OSError, InvalidHandshake) as error:
        on_event("device_refused", plan.uid, str(error))
        return None
    on_event("device_arrived", plan.uid, "")
    return kind(plan, scenario, connection, on_event, buffer)


async def _connect_with(buffer: ReceiveBuffer, port: int) -> socket.socket:
    """Return a socket that is connected to the port, and is sent no more than the buffer takes."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    # With the protocol named, or asyncio would leave Nagle's algorithm on, which takes real time.
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        link.setblocking(False)
        link.bind((_LOOPBACK, 0))  # before it connects: the service accepts it with its buffer
        loop.limit_reading(link.getsockname(), buffer)
        await loop.sock_connect(link, (_LOOPBACK, port))
    except BaseException:
        link.close()
        raise
    return link


class Device(ABC):
    """A connected device. It sends audio on whole seconds, and leaves.

    Its plan has the time of its arrival and what it sends. :func:`follow_plan` makes it leave by
    the plan too; other callers cancel :meth:`talk` and call :meth:`leave`.
    """

    path: ClassVar[str]
    """The path that it connects to."""

    def __init__(
        self,
        plan: DevicePlan,
        scenario: Scenario,
        connection: ClientConnection,
        on_event: OnEvent,
        buffer: ReceiveBuffer | None,
    ) -> None:
        self._plan = plan
        self._buffer = buffer
        self._reading: asyncio.Task[None] | None = None
        self._rate = scenario.sample_rate
        self._step = scenario.frame_seconds
        self._connection = connection
        self._on_event = on_event
        self._sent_until = plan.arrives_at

    @property
    def connected(self) -> bool:
        """Whether the device has neither sent nor received a close of the connection."""
        return self._connection.state is State.OPEN

    async def talk(self) -> bool:
        """Send until the planned end, if any. Return False if the server closed the connection."""
        leaves = self._plan.leaves_at
        with self._noting_a_cut():
            await self._begin()
            if not self._plan.group.sends:
                await self._stay_connected(leaves)
            while leaves is None or self._sent_until + self._step <= leaves:
                await sleep_until(self._sent_until + self._step)
                await self._send_audio(self._step)
                self._sent_until += self._step
                await self._send_messages(self._sent_until - self._plan.arrives_at)
            await sleep_until(leaves)
            return True
        return False

    async def leave(self, how: Leave) -> None:
        """Send the audio since the last frame, and leave; nothing is sent afterwards."""
        with self._noting_a_cut():
            unsent = int(asyncio.get_running_loop().time()) - self._sent_until
            if unsent > 0 and self._plan.group.sends:
                await self._send_audio(unsent)
            self._on_event("device_left", self._plan.uid, how)
            match how:
                case Leave.CLOSE:
                    if self._buffer is not None:
                        self._buffer.discard()
                    await self._connection.close()
                case Leave.RESET:
                    self.drop()
                case Leave.VANISH:
                    if self._reading is not None:
                        self._reading.cancel()
                    self._connection.transport.pause_reading()
                case Leave.SILENT:
                    pass  # the connection answers pings by itself

    async def wait_closed(self) -> None:
        """Wait until the connection is closed: indefinitely if the device vanished."""
        await self._connection.wait_closed()

    def drop(self) -> None:
        """Reset the connection at once, so that the operating system forgets it too."""
        link = self._connection.transport.get_extra_info("socket")
        with suppress(OSError):  # already closed
            reset_on_close(link)
        self._connection.transport.abort()

    async def _stay_connected(self, until: float | None) -> None:
        """Return at that second, or raise what closed the connection."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._connection.wait_closed()
                await self._connection.send("")

    def _start_reading(self) -> None:
        self._reading = create_named_task(self._read(), name=f"device:{self._plan.uid}")

    async def _read(self) -> None:
        """Read what the service sends, at the rate of the group, and as long as it reads."""
        group = self._plan.group
        stops = None
        if group.stop_reading_after is not None:
            stops = self._plan.arrives_at + group.stop_reading_after
        try:
            async with asyncio.timeout_at(stops):
                while True:
                    message = await self._connection.recv()
                    if message == _ADMITTED:
                        self._on_event("device_admitted", self._plan.uid, "")
                    if group.read_rate is not None:
                        await asyncio.sleep(len(message) / group.read_rate)
                    if self._buffer is not None:
                        self._buffer.remove_oldest()
        except ConnectionClosed:
            return
        except TimeoutError:
            if self.connected:
                self._on_event("device_stopped_reading", self._plan.uid, "")

    @contextmanager
    def _noting_a_cut(self) -> Iterator[None]:
        try:
            yield
        except ConnectionClosed as closed:
            self._on_event("device_cut_off", self._plan.uid, str(closed))

    async def _send(self, frame: bytes) -> None:
        """Send without flow control: loopback does not need it, and it is a third of the cost."""
        if not self.connected:
            await self._connection.send(frame)  # raises what closed the connection
        broadcast([self._connection], frame)

    @abstractmethod
    async def _begin(self) -> None:
        """Send what precedes all audio."""

    @abstractmethod
    async def _send_audio(self, seconds: int) -> None:
        """Send the next ``seconds`` of audio."""

    @abstractmethod
    async def _send_messages(self, elapsed: int) -> None:
        """Send other messages that are due ``elapsed`` seconds after the arrival."""


class _DeviceOfThePusher(Device):
    """A device that connects to the pusher and sends what listen would; its audio is silent."""

    path = PUSHER_PATH

    def __init__(
        self,
        plan: DevicePlan,
        scenario: Scenario,
        connection: ClientConnection,
        on_event: OnEvent,
        buffer: ReceiveBuffer | None,
    ) -> None:
        super().__init__(plan, scenario, connection, on_event, buffer)
        self._heartbeat_seconds = scenario.heartbeat_seconds
        self._pcm = bytes(self._step * self._rate * 2)
        self._conversations = 0

    async def _begin(self) -> None:
        if self._plan.group.reading_key:
            self._start_reading()
        if self._plan.group.sends:
            await self._switch_conversation()

    async def _send_audio(self, seconds: int) -> None:
        pcm = self._pcm if seconds == self._step else bytes(seconds * self._rate * 2)
        await self._send_message(protocol.Audio(EPOCH + self._sent_until, pcm))

    async def _send_messages(self, elapsed: int) -> None:
        if elapsed % 10:
            return
        if elapsed % self._heartbeat_seconds == 0:
            await self._send_message(protocol.Heartbeat())
        group = self._plan.group
        if _is_due(group.transcript_every, elapsed):
            await self._send_message(self._transcript(elapsed))
        if _is_due(group.speaker_sample_every, elapsed):
            await self._send_message(
                protocol.SpeakerSample("person", self._conversation_id, [f"segment-{elapsed}"])
            )
            self._on_event("speaker_sample_asked", self._plan.uid, "")
        if _is_due(group.process_conversation_every, elapsed):
            await self._send_message(protocol.ProcessConversation(self._conversation_id, "en"))
        if _is_due(group.switch_conversation_every, elapsed):
            await self._switch_conversation()

    @property
    def _conversation_id(self) -> str:
        return f"{self._plan.uid}/{self._conversations}"

    async def _switch_conversation(self) -> None:
        self._conversations += 1
        await self._send_message(protocol.Conversation(self._conversation_id))

    def _transcript(self, elapsed: int) -> protocol.Transcript:
        segment = {"id": f"segment-{elapsed}", "text": "and so on", "start": elapsed - 10.0}
        return protocol.Transcript([segment], self._conversation_id)

    async def _send_message(self, message: protocol.Message) -> None:
        await self._send(protocol.encode(message))


class _DeviceOfListen(Device):
    """A device that connects to listen and plays the podcast from its beginning."""

    path = LISTEN_PATH

    async def _begin(self) -> None:
        self._start_reading()

    async def _send_messages(self, elapsed: int) -> None:
        pass

    async def _send_audio(self, seconds: int) -> None:
        played = self._sent_until - self._plan.arrives_at
        await self._send(podcast.part(played, seconds, self._rate))


_ADMITTED: Final = device_messages.status(device_messages.Status.PROCESSING)
_KINDS: Final[Mapping[Through, type[Device]]] = {
    Through.PUSHER: _DeviceOfThePusher,
    Through.LISTEN: _DeviceOfListen,
}


def _is_due(every: int | None, elapsed: int) -> bool:
    return every is not None and elapsed % every == 0
