"""Audio bytes: pieces of raw audio for the user's webhook, if there is one."""

import logging
from collections import deque

from async_tasks import ticks
from ghosts import settings
from ghosts.backends.clients import BackendError, Clients
from ghosts.service import Lifetime

_log = logging.getLogger("ghosts.pusher")


class AudioBytes:
    """One session's audio in pieces of ``piece_bytes``. The oldest goes beyond 20."""

    def __init__(self, uid: str, piece_bytes: int, lifetime: Lifetime, clients: Clients) -> None:
        self._uid = uid
        self._piece_bytes = piece_bytes
        self._lifetime = lifetime
        self._clients = clients
        self._buffer = bytearray()
        self._queue: deque[bytes] = deque(maxlen=settings.AUDIO_BYTES_QUEUE_MAX)
        self._work = lifetime.work()

    def add(self, pcm: bytes) -> None:
        """Take audio; without a webhook (``piece_bytes`` 0) it is not kept."""
        if not self._piece_bytes:
            return
        self._buffer += pcm
        if len(self._buffer) > self._piece_bytes:
            self._queue.append(bytes(self._buffer))
            self._buffer.clear()
            self._work.set()

    async def run(self) -> None:
        """Send pieces as they come; return once the session is over and the queue is empty."""
        async for _ in ticks(self._lifetime.shutdown, 0, work=self._work):
            while self._queue:
                await self._send(self._queue.popleft())
            if self._lifetime.disconnected:
                return

    async def _send(self, piece: bytes) -> None:
        try:
            await self._clients.send_audio(self._uid, piece)
        except BackendError as error:
            _log.warning("%s: audio not sent to the webhook: %s", self._uid, error)
