"""Speaker samples: requests to extract a person's voice from a conversation."""

import asyncio
import logging
from collections import deque

from async_tasks import poll
from ghosts import config
from ghosts.clients import BackendError, PusherClients
from ghosts.protocol import SpeakerSample
from ghosts.ws_server import StopSignals

_log = logging.getLogger("ghosts.pusher")


class SpeakerSamples:
    """The queue of one session. At most 100 requests; beyond that the oldest is dropped."""

    def __init__(self, uid: str, signals: StopSignals, clients: PusherClients) -> None:
        self._uid = uid
        self._signals = signals
        self._clients = clients
        self._work = signals.work_event()
        self._queue: deque[tuple[float, SpeakerSample]] = deque(
            maxlen=config.SPEAKER_SAMPLES_QUEUE_MAX
        )

    def add(self, request: SpeakerSample) -> None:
        """Queue a request."""
        self._queue.append((asyncio.get_running_loop().time(), request))
        self._work.set()

    async def send_queued(self) -> None:
        """Poll every 15 s; return after the disconnect, when the queue is empty.

        A request is sent once it is 120 s old, or at a flush or shutdown. A session that is only
        disconnected drains for it, up to 135 s. A request that fails is logged and dropped.
        Cancelling it drops what is queued.
        """
        polls = poll(self._signals.shutdown, config.SPEAKER_SAMPLES_POLL_INTERVAL, work=self._work)
        async for _ in polls:
            while self._queue and self._due_in() == 0:
                await self._send(self._queue.popleft()[1])
            if self._signals.disconnected and not self._queue:
                return
            polls.due_in(self._due_in())

    def _due_in(self) -> float | None:
        """Return the seconds until the oldest request is due; None: the queue is empty."""
        if not self._queue:
            return None
        if self._signals.flushing:
            return 0.0
        age = asyncio.get_running_loop().time() - self._queue[0][0]
        return max(0.0, config.SPEAKER_SAMPLES_MIN_AGE - age)

    async def _send(self, request: SpeakerSample) -> None:
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
