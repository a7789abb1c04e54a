"""Devices whose audio tells at every word where it belongs, and the check of what has arrived."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from bed import RATE, Bed, send, size
from websockets.asyncio.client import ClientConnection

from ghosts import protocol
from ghosts.pusher.spool import Key
from ghosts.simulation.backends import Received
from ghosts.simulation.clock import settle

Told: TypeAlias = Counter[Key]
"""Bytes of audio by conversation, from its beginning on."""
FRAME_SECONDS = 5


def speech(key: Key, start: int, length: int) -> bytes:
    """Part of what is said in a conversation: 32-bit words, each the next one's number less 1."""
    first = zlib.crc32("/".join(key).encode()) // 2 + start // 4
    return np.arange(first, first + length // 4, dtype=np.uint32).tobytes()


def arrived(received: Iterable[Received]) -> Told:
    """What storage has, which is to be what was said, each byte once, in order, with its time."""
    told: Told = Counter()
    for one in received:
        key = Key(one.uid, one.query["conversation_id"])
        assert one.crc == zlib.crc32(speech(key, told[key], one.bytes)), (
            f"{key} is not continued at byte {told[key]:,} by the next {one.bytes:,}"
        )
        assert float(one.query["started_at"]) == _second(told[key])
        told[key] += one.bytes
    return told


class Speaker:
    """A device of one user, which counts what it has said. Its clock starts with a conversation."""

    device: ClientConnection

    def __init__(self, bed: Bed, uid: str) -> None:
        self.said: Told = Counter()
        self._pod = bed
        self._key = Key(uid, "")

    async def arrive(self, conversation_id: str | None = None) -> None:
        self.device = await self._pod.connect(self._key.uid)
        self._key = self._key._replace(conversation_id="")
        if conversation_id is not None:
            await self.turn_to(conversation_id)

    async def turn_to(self, conversation_id: str) -> None:
        await send(self.device, protocol.Conversation(conversation_id))
        self._key = self._key._replace(conversation_id=conversation_id)

    async def say(self, seconds: float) -> None:
        """Send that much at once, in one frame."""
        start, length = self.said[self._key], size(seconds)
        await send(self.device, protocol.Audio(_second(start), speech(self._key, start, length)))
        self.said[self._key] += length

    async def speak(self, seconds: float, *, every: float = FRAME_SECONDS) -> None:
        """Send a frame after each few seconds of audio, as a device does."""
        for _ in range(round(seconds / every)):
            await asyncio.sleep(every)
            await self.say(every)
        await settle()

    async def leave(self) -> None:
        await self.device.close()


async def speakers(bed: Bed, *uids: str, conversation_id: str | None = "c1") -> list[Speaker]:
    """Devices that have arrived."""
    all_of_them = [Speaker(bed, uid) for uid in uids]
    for one in all_of_them:
        await one.arrive(conversation_id)
    return all_of_them


async def together(seconds: float, *some: Speaker) -> None:
    """Have them speak at the same time."""
    await asyncio.gather(*(one.speak(seconds) for one in some))


def all_said(*some: Speaker) -> Told:
    return sum((one.said for one in some), Counter())


def _second(start: int) -> float:
    return start / size(1, RATE)
