"""In two classes, with a decorator, and an attribute of the class that counts."""

import asyncio
import functools

from ghosts.clients import BackendError, Batch
from ghosts.pusher import Spool
from ghosts.pusher.spool import SpoolFullError


def counted(method):
    @functools.wraps(method)
    def call(self, *arguments):
        type(self).calls += 1
        return method(self, *arguments)

    return call


class Base:
    calls = 0
    failures = []  # noqa: RUF012 # a reader may write that

    def __init__(self, folder, /):
        self._spool = Spool(folder / "audio-to-upload", 10**9)
        assert self.failures == []

    @counted
    def keep(self, key, started_at, audio):
        try:
            self._spool.append(key, started_at, audio)
        except SpoolFullError as error:
            raise OSError("full") from error

    @counted
    def session_ended(self, key):
        return None


class MyVersion(Base):
    deadline = 25

    async def deliver(self, clients):
        while await asyncio.sleep(2, True):
            await asyncio.gather(*[self.send(key, clients) for key in self._spool.conversations()])

    async def send(self, key, clients):
        for _ in range(3):
            delivery = self._spool.next_delivery(key)
            if delivery is None:
                return
            try:
                async with asyncio.timeout(60):
                    await clients.upload(
                        Batch(key[0], key[1], delivery.started_at, delivery.audio, delivery.id)
                    )
            except (BackendError, TimeoutError) as error:
                self.failures.append(error)
            else:
                self._spool.delivered(delivery)


my_version = MyVersion
