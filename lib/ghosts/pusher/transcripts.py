"""Transcripts: what the device heard, for the user's webhook."""

import logging
from collections import deque
from collections.abc import Callable

from async_tasks import sleep_until_shutdown, ticks
from ghosts import settings
from ghosts.backends.clients import BackendError, Clients
from ghosts.pusher.wire import Transcript
from ghosts.service import Lifetime

_log = logging.getLogger("ghosts.pusher")


class Transcripts:
    """One session's transcripts. The oldest goes beyond 50.

    ``acknowledge`` is called with the id of each delivery that is over: sent, dropped, or refused
    six times. One without an id is tried once, as published.
    """

    def __init__(
        self,
        uid: str,
        lifetime: Lifetime,
        clients: Clients,
        acknowledge: Callable[[str | None], object],
    ) -> None:
        self._uid = uid
        self._lifetime = lifetime
        self._clients = clients
        self._acknowledge = acknowledge
        self._work = lifetime.work()
        self._queue: deque[Transcript] = deque(maxlen=settings.TRANSCRIPTS_QUEUE_MAX)

    def add(self, transcript: Transcript) -> None:
        """Queue a transcript."""
        if len(self._queue) == settings.TRANSCRIPTS_QUEUE_MAX:
            self._acknowledge(self._queue[0].delivery_id)  # it is dropped by the next line
        self._queue.append(transcript)
        self._work.set()

    async def run(self) -> None:
        """Look every second; return once the session is over and the queue is empty."""
        async for _ in ticks(self._lifetime.shutdown, settings.TRANSCRIPTS_TICK, work=self._work):
            while self._queue:
                await self._send(self._queue.popleft())
            if self._lifetime.disconnected:
                return

    async def _send(self, transcript: Transcript) -> None:
        pauses = iter(settings.DELIVERY_BACKOFF if transcript.delivery_id is not None else ())
        while True:
            try:
                await self._clients.send_transcript(
                    self._uid, transcript.segments, transcript.delivery_id
                )
                break
            except BackendError as error:
                _log.warning("%s: transcript not sent: %s", self._uid, error)
            pause = next(pauses, None)
            if pause is None:
                break
            if await sleep_until_shutdown(self._lifetime.shutdown, pause):
                return  # not acknowledged: the peer has it
        self._acknowledge(transcript.delivery_id)
