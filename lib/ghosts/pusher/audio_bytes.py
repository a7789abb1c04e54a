"""Audio bytes: pieces of raw audio for the user's audio webhook."""

import logging
from collections import deque

from async_tasks import poll
from ghosts import config
from ghosts.clients import BackendError, PusherClients
from ghosts.ws_server import StopSignals

_log = logging.getLogger("ghosts.pusher")


class AudioBytes:
    """The audio of one session for the webhook, in pieces of more than ``piece_bytes``.

    At most 20 pieces are queued; beyond that the oldest is dropped. ``piece_bytes`` is 0 without a
    webhook: no audio is kept. The session sets it at admission.
    """

    def __init__(self, uid: str, signals: StopSignals, clients: PusherClients) -> None:
        self.piece_bytes = 0
        self._uid = uid
        self._signals = signals
        self._clients = clients
        self._buffer = bytearray()
        self._queue: deque[bytes] = deque(maxlen=config.AUDIO_BYTES_QUEUE_MAX)
        self._work = signals.work_event()

    def add(self, pcm: bytes) -> None:
        """Append audio; queue a piece when there is enough of it."""
        if not self.piece_bytes:
            return
        self._buffer += pcm
        if len(self._buffer) > self.piece_bytes:
            self._queue.append(bytes(self._buffer))
            self._buffer.clear()
            self._work.set()

    async def send_queued(self) -> None:
        """Send pieces as they are queued; return after the disconnect, when the queue is empty.

        A piece that fails is logged and dropped. It takes as long as the webhook; cancelling it
        drops what is queued.
        """
        async for _ in poll(self._signals.shutdown, 0, work=self._work):
            while self._queue:
                await self._send(self._queue.popleft())
            if self._signals.disconnected:
                return

    async def _send(self, piece: bytes) -> None:
        try:
            await self._clients.send_audio(self._uid, piece)
        except BackendError as error:
            _log.warning("%s: audio not sent to the webhook: %s", self._uid, error)
