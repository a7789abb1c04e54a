"""A pause that grows up to two minutes, by the clock, and a task for each upload."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from ghosts.clients import Batch
from ghosts.pusher import Spool

LONGEST = 120


@dataclass
class Paused:
    folder: Path
    spool: Spool = field(init=False)
    retry_at: dict = field(default_factory=dict)
    pauses: dict = field(default_factory=dict)
    tasks: dict = field(default_factory=dict)

    deadline = 21

    def __post_init__(self):
        self.spool = Spool(self.folder / "spool", 2**34)

    def keep(self, key, started_at, audio):
        self.spool.append(key, started_at, audio)

    def session_ended(self, key):
        self.retry_at.pop(key, None)

    async def deliver(self, clients):
        while True:
            for key in self.spool.conversations():
                if key not in self.tasks and self.retry_at.get(key, 0) <= monotonic():
                    self.tasks[key] = asyncio.create_task(self.upload(key, clients))
            await asyncio.sleep(1)

    async def upload(self, key, clients):
        try:
            delivery = self.spool.next_delivery(key)
            await clients.upload(Batch(*key, delivery.started_at, delivery.audio, delivery.id))
            self.spool.delivered(delivery)
            self.pauses.pop(key, None)
        except Exception:
            self.pauses[key] = min(2 * self.pauses.get(key, 1), LONGEST)
            self.retry_at[key] = monotonic() + self.pauses[key]
        finally:
            del self.tasks[key]


my_version = Paused
