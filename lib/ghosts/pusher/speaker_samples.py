"""Speaker samples: requests to cut a person's voice from a conversation, once it is old enough."""

import asyncio
import logging
from collections import deque

from async_tasks import ticks
from ghosts import settings
from ghosts.backends.clients import BackendError, Clients
from ghosts.pusher.wire import SpeakerSample
from ghosts.service import Lifetime

_log = logging.getLogger("ghosts.pusher")


class SpeakerSamples:
    """One session's requests, with the times at which they came. The oldest goes beyond 100."""

    def __init__(self, uid: str, lifetime: Lifetime, clients: Clients) -> None:
        self._uid = uid
        self._lifetime = lifetime
        self._clients = clients
        self._work = lifetime.work()
        self._queue: deque[tuple[float, SpeakerSample]] = deque(
            maxlen=settings.SPEAKER_SAMPLES_QUEUE_MAX
        )

    def add(self, request: SpeakerSample) -> None:
        """Queue a request."""
        self._queue.append((asyncio.get_running_loop().time(), request))
        self._work.set()

    async def run(self) -> None:
        """Look every 15 s; return once the session is over and the queue is empty.

        A request waits until it is 120 s old. Only a hurry or shutdown makes it come sooner: a
        session that is merely disconnected lingers for it.
        """
        looks = ticks(self._lifetime.shutdown, settings.SPEAKER_SAMPLES_TICK, work=self._work)
        async for _ in looks:
            while self._queue and self._due_in() == 0:
                await self._take(self._queue.popleft()[1])
            if self._lifetime.disconnected and not self._queue:
                return
            looks.due_in(self._due_in())

    def _due_in(self) -> float | None:
        """Seconds until the oldest request is to be processed; None where there is none."""
        if not self._queue:
            return None
        if self._lifetime.hurried:
            return 0.0
        age = asyncio.get_running_loop().time() - self._queue[0][0]
        return max(0.0, settings.SPEAKER_SAMPLES_MIN_AGE - age)

    async def _take(self, request: SpeakerSample) -> None:
        try:
            await self._clients.take_speaker_sample(
                self._uid,
                request.person_id,
                request.conversation_id,
                request.segment_ids,
                request.delivery_id,
            )
        except BackendError as error:
            _log.warning("%s: speaker sample not taken: %s", self._uid, error)
