"""Transcripts: segments for the user's transcript webhook."""

import logging
from collections import deque
from collections.abc import Callable

from async_tasks import poll, sleep_until_shutdown
from ghosts import config
from ghosts.clients import BackendError, PusherClients
from ghosts.protocol import Transcript
from ghosts.ws_server import StopSignals, pause_after

_log = logging.getLogger("ghosts.pusher")


class Transcripts:
    """The queue of one session. At most 50 transcripts; beyond that the oldest is dropped.

    A transcript with a delivery id is tried six times; one without is tried once, as published.

    Args:
        uid: The user.
        signals: Those of the session.
        clients: Calls the webhook.
        acknowledge: Called with the delivery id of each transcript that was sent, dropped, or
            refused six times.
    """

    def __init__(
        self,
        uid: str,
        signals: StopSignals,
        clients: PusherClients,
        acknowledge: Callable[[str | None], object],
    ) -> None:
        self._uid = uid
        self._signals = signals
        self._clients = clients
        self._acknowledge = acknowledge
        self._work = signals.work_event()
        self._queue: deque[Transcript] = deque(maxlen=config.TRANSCRIPTS_QUEUE_MAX)

    def add(self, transcript: Transcript) -> None:
        """Queue a transcript."""
        if len(self._queue) == config.TRANSCRIPTS_QUEUE_MAX:
            self._acknowledge(self._queue[0].delivery_id)  # which `append` drops
        self._queue.append(transcript)
        self._work.set()

    async def send_queued(self) -> None:
        """Send what is queued, each second; return after the disconnect, when the queue is empty.

        It takes as long as the webhook. Cancelling it drops what is queued, and does not
        acknowledge it.
        """
        async for _ in poll(
            self._signals.shutdown, config.TRANSCRIPTS_POLL_INTERVAL, work=self._work
        ):
            while self._queue:
                await self._send(self._queue.popleft())
            if self._signals.disconnected:
                return

    async def _send(self, transcript: Transcript) -> None:
        tries = len(config.DELIVERY_BACKOFF) + 1 if transcript.delivery_id is not None else 1
        for failures in range(1, tries + 1):
            try:
                await self._clients.send_transcript(
                    self._uid, transcript.segments, transcript.delivery_id
                )
                break
            except BackendError as error:
                _log.warning("%s: transcript not sent: %s", self._uid, error)
            if failures < tries:
                pause = pause_after(failures, config.DELIVERY_BACKOFF)
                if await sleep_until_shutdown(self._signals.shutdown, pause):
                    return  # not acknowledged: the peer keeps it, and sends it again
        self._acknowledge(transcript.delivery_id)
