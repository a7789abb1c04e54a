"""A pod, its devices and its storage in a process of their own, which kills itself.

It reads from its input what is to happen, and says line by line, at the moment when it happens,
what its sessions have taken and what storage has kept.
"""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from bed import Bed, serve_bed
from speech import Speaker, Told, speakers, speech

from ghosts import protocol
from ghosts.backends import Backend
from ghosts.clients import Batch
from ghosts.pusher import PusherSession
from ghosts.pusher.spool import Key, Spool
from ghosts.records.fault import FaultMode
from ghosts.simulation.backends import Received
from ghosts.simulation.clock import simulate
from ghosts.variants import SHIPPED, VARIANTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Doom:
    """What happens in the process, and when it dies; if nothing says when, it goes on for ever."""

    folder: str
    """Where the spool is, if the lifecycle has one."""
    variant: str = SHIPPED.name
    talk: bool = True
    """Whether there are devices."""
    storage: str | None = None
    """The mode in which storage fails; None is that it is well."""
    kept: Sequence[Received] = ()
    """What storage has from before."""
    second: float | None = None
    """Of simulated time, at which it dies."""
    deliveries: int | None = None
    """After how many it dies, counted from its start: the last is kept, and not answered."""


@asynccontextmanager
async def pod_in(
    folder: Path, variant: str = SHIPPED.name, kept: Sequence[Received] = ()
) -> AsyncIterator[Bed]:
    """A pod whose spool, if it has one, is in that folder, and storage that has this already."""
    chosen = VARIANTS[variant]
    spool_bytes = chosen.pusher.spool_bytes
    path = folder / "spool"

    async def overheard(session: PusherSession) -> None:
        listen_in(session)
        await chosen.pusher.lifecycle(session)

    with Spool(path, spool_bytes) if spool_bytes else nullcontext() as spool:
        async with serve_bed(chosen.with_lifecycle(overheard, name=variant), spool=spool) as bed:
            await restore(bed, kept)
            yield bed


def listen_in(session: PusherSession) -> None:
    """Say what a session has taken, once it has it."""
    cloud = session.private_cloud
    add, switch = cloud.add, cloud.switch
    conversation = [""]

    def add_and_say(audio: protocol.Audio) -> None:
        add(audio)
        say(taken=[session.uid, conversation[0], len(audio.pcm)])

    def switched(conversation_id: str) -> None:
        switch(conversation_id)
        conversation[0] = conversation_id

    cloud.add, cloud.switch = add_and_say, switched


async def restore(bed: Bed, kept: Sequence[Received]) -> None:
    """Deliver to storage once more what it had before its process died."""
    told: Told = Counter()
    for one in kept:
        key = Key(one.uid, one.query["conversation_id"])
        audio = speech(key, told[key], one.bytes)
        told[key] += one.bytes
        started_at = float(one.query["started_at"])
        await bed.clients.upload(Batch(*key, started_at, audio, one.query.get("delivery_id")))
    assert bed.stored == list(kept)


class Ledger(list[Received]):
    """What storage has kept. It says so at once, and dies after so many."""

    def __init__(self, kept: Sequence[Received], deliveries: int | None) -> None:
        super().__init__(kept)
        self._last = None if deliveries is None else len(kept) + deliveries

    def append(self, one: Received) -> None:
        super().append(one)
        say(kept=asdict(one))
        if len(self) == self._last:
            die()


async def stay_in_one_conversation(ada: Speaker) -> None:
    while True:
        await ada.speak(60, every=1)


async def switch_every_20_s(bob: Speaker) -> None:
    for number in count():
        await bob.turn_to(f"c{number}")
        await bob.speak(20, every=1)


async def come_back_every_45_s(eve: Speaker) -> None:
    while True:
        await eve.speak(40, every=1)
        await eve.leave()
        await asyncio.sleep(5)
        await eve.arrive("c1")


async def live(doom: Doom) -> None:
    async with pod_in(Path(doom.folder), doom.variant, doom.kept) as bed:
        storage = bed.backends[Backend.STORAGE]
        storage.received = Ledger(storage.received, doom.deliveries)
        if doom.storage is not None:
            await storage.fail(FaultMode(doom.storage))
        if doom.second is not None:
            asyncio.get_running_loop().call_at(doom.second, die)
        if doom.talk:
            ada, bob, eve = await speakers(bed, "ada", "bob", "eve")
            await asyncio.gather(
                stay_in_one_conversation(ada), switch_every_20_s(bob), come_back_every_45_s(eve)
            )
        await asyncio.get_running_loop().create_future()


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    told_to = json.load(sys.stdin)
    told_to["kept"] = [Received(**one) for one in told_to["kept"]]
    simulate(lambda: live(Doom(**told_to)))
