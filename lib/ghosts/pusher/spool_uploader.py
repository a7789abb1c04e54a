"""The spool uploader: puts a pod's audio into its spool, and uploads from there."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field

from async_tasks import create_named_task, drain_tasks, poll
from ghosts import config
from ghosts.clients import Batch, PusherClients
from ghosts.pusher.metrics import PusherMetrics
from ghosts.pusher.spool import Delivery, Key, Spool, SpoolError
from ghosts.ws_server import pause_after

_log = logging.getLogger("ghosts.pusher")


@dataclass(slots=True)
class _Backlog:
    """The state of one conversation whose audio is in the spool."""

    size: int = 0
    """Bytes of audio."""
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    over: bool = False
    """Whether the conversation has ended, as far as is known."""
    failures: int = 0
    retry_at: float = 0.0
    in_hand: bool = False
    """Whether a task is uploading it."""

    @property
    def due_at(self) -> float:
        """When it is due, in seconds of the loop's clock."""
        if self.failures:
            return self.retry_at
        if self.over or self.size >= config.SPOOL_BATCH_BYTES:
            return self.since
        return self.since + config.SPOOL_BATCH_AGE


class SpoolUploader:
    """Uploads what is in a spool: each conversation in order, each delivery until it succeeds.

    Needs idempotent uploads: a delivery has the same id at each attempt, and storage ignores an id
    that it has. A conversation is due when it has ended, when it has a minute's worth of audio, or
    a minute after its first audio or its previous delivery. What an earlier process left is due at
    once. After a failure the next attempt follows in 1 s, later in 30 s, without an end. As many
    deliveries run at the same time as the upload pool has workers.

    Args:
        spool: The spool of the pod.
        clients: Uploads to storage.
        metrics: Counts what is stored and spooled.

    Raises:
        SpoolError: the spool cannot be read.
    """

    def __init__(self, spool: Spool, clients: PusherClients, metrics: PusherMetrics) -> None:
        self.spool = spool
        self._clients = clients
        self._metrics = metrics
        self._work = asyncio.Event()
        self._empty = asyncio.Event()
        self._open = False
        self._deliveries: set[asyncio.Task[None]] = set()
        self._backlogs = {
            key: _Backlog(size, over=True) for key, size in spool.conversations().items()
        }
        self._measure()
        self._work.set()

    def __repr__(self) -> str:
        return f"<SpoolUploader {len(self._deliveries)} on the way, {self.spool!r}>"

    def accept(self, key: Key, started_at: float, pcm: bytes) -> None:
        """Put audio into the spool; it is on disk when this returns.

        Raises:
            SpoolFullError: it does not fit.
            SpoolError: it cannot be written.
        """
        self.spool.append(key, started_at, pcm)
        self._measure()
        backlog = self._backlogs.setdefault(key, _Backlog())
        backlog.size += len(pcm)
        backlog.over = False
        self._work.set()

    def end(self, key: Key) -> None:
        """Record that a conversation has ended: what is left of its audio is due."""
        if key in self._backlogs:
            self._backlogs[key].over = True
            self._work.set()

    async def emptied(self, *, timeout: float) -> None:
        """Return when the spool is empty, or after ``timeout`` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._empty.wait()

    async def upload_spooled(self) -> None:
        """Upload what is due, until cancelled. It never returns.

        When it is cancelled it cancels its uploads, and waits for them, 5 s at most. What was not
        confirmed stays in the spool.
        """
        polls = poll(asyncio.Event(), config.PRIVATE_CLOUD_POLL_INTERVAL, work=self._work)
        now = asyncio.get_running_loop().time
        self._open = True
        try:
            async for _ in polls:
                waiting = self._send_due()
                polls.due_in(max(0.0, waiting - now()) if waiting is not None else None)
        finally:
            self._open = False  # or the callbacks of cancelled deliveries would start others
            await drain_tasks(
                self._deliveries, timeout=config.CANCEL_ACK_TIMEOUT, label="pusher_uploader"
            )

    def _send_due(self) -> float | None:
        """Start deliveries that are due while workers are free; return when the next is due.

        The time is in seconds of the loop's clock. None: all others are being delivered, or no
        worker is free; the end of a delivery polls again.
        """
        now = asyncio.get_running_loop().time()
        waiting = [(one.due_at, key) for key, one in self._backlogs.items() if not one.in_hand]
        for due_at, key in sorted(waiting):
            if len(self._deliveries) == self._clients.uploads.size:
                return None
            if due_at > now:
                return due_at
            self._backlogs[key].in_hand = True
            delivering = create_named_task(
                self._deliver_all(key), name="uploader:delivery", task_set=self._deliveries
            )
            # A callback, and not the last line of the task: until the task is done it is in
            # `_deliveries`, so a poll would find no free worker, and no later poll would follow
            # (test_the_spool_uploader_is_woken_when_a_worker_is_free).
            delivering.add_done_callback(self._worker_is_free)
        return None

    def _worker_is_free(self, _: asyncio.Task[None]) -> None:
        """Start the next delivery that is due, without waiting for the next poll."""
        if self._open:
            self._send_due()
        self._work.set()

    async def _deliver_all(self, key: Key) -> None:
        backlog = self._backlogs[key]
        try:
            while backlog.due_at <= asyncio.get_running_loop().time():
                delivery = self.spool.next_delivery(key, config.SPOOL_BATCH_BYTES)
                if delivery is None:
                    del self._backlogs[key]
                    return
                await self._deliver(delivery)
                backlog.size -= len(delivery.audio)
                backlog.since = asyncio.get_running_loop().time()
                backlog.failures = 0
        except SpoolError as error:
            _log.error("the spool does not work: %s", error)
            self._put_off(backlog)
        except (Exception, asyncio.CancelledError) as error:
            _log.warning("%s: not delivered, to be tried again: %r", key.uid, error)
            self._put_off(backlog)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            backlog.in_hand = False

    async def _deliver(self, delivery: Delivery) -> None:
        await self._clients.upload(
            Batch(*delivery.key, delivery.started_at, delivery.audio, delivery.id)
        )
        self.spool.delivered(delivery)
        self._metrics.stored.inc(len(delivery.audio))
        self._measure()

    def _put_off(self, backlog: _Backlog) -> None:
        backlog.failures += 1
        pause = pause_after(backlog.failures, config.DELIVERY_BACKOFF)
        backlog.retry_at = asyncio.get_running_loop().time() + pause

    def _measure(self) -> None:
        self._metrics.spooled.set(self.spool.size)
        if self.spool.size:
            self._empty.clear()
        else:
            self._empty.set()
