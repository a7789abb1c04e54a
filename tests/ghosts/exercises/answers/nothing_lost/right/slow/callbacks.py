"""Callbacks."""

import asyncio

from ghosts.clients import Batch
from ghosts.pusher import Spool


class MyVersion:
    deadline = 30.0

    def __init__(self, folder):
        self.spool = Spool(folder / "spool", max_bytes=2**30)

    def keep(self, key, started_at, audio):
        self.spool.append(key, started_at, audio)

    def session_ended(self, key):
        pass

    async def deliver(self, clients):
        done = asyncio.get_running_loop().create_future()
        busy = set()

        def poll():
            for key in self.spool.conversations():
                if key not in busy:
                    busy.add(key)
                    d = self.spool.next_delivery(key)
                    t = asyncio.ensure_future(
                        clients.upload(Batch(*key, d.started_at, d.audio, d.id))
                    )
                    t.add_done_callback(lambda t, d=d: ended(t, d))
            self.h = asyncio.get_running_loop().call_later(1, poll)

        def ended(t, d):
            if not t.cancelled() and t.exception() is None:
                self.spool.delivered(d)
                busy.discard(d.key)
            else:
                asyncio.get_running_loop().call_later(4, busy.discard, d.key)

        poll()
        try:
            await done
        finally:
            self.h.cancel()


my_version = MyVersion
