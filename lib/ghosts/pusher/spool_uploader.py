"""The spool uploader: puts a pod's audio into its spool, and uploads from there."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush

from async_tasks import create_named_task, drain_tasks, poll
from ghosts import config
from ghosts.clients import Batch, PusherClients
from ghosts.pusher.metrics import PusherMetrics
from ghosts.pusher.spool import Delivery, Spool
from ghosts.pusher.spool_file import Key, SpoolError
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
    queued_for: float | None = None
    """The moment of its valid entry in the queue of what is due; None if it has none."""

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
        self._backlogs: dict[Key, _Backlog] = {}
        self._due: list[tuple[float, Key]] = []
        for key, size in spool.conversations().items():
            self._backlogs[key] = _Backlog(size, over=True)
            self._queue(key)
        metrics.spooled.set_function(lambda: spool.size)
        self._note_if_empty()

    def __repr__(self) -> str:
        return f"<SpoolUploader {len(self._deliveries)} on the way, {self.spool!r}>"

    def accept(self, key: Key, started_at: float, pcm: bytes) -> None:
        """Put audio into the spool; when this returns, it survives the process.

        Raises:
            SpoolFullError: it does not fit.
            SpoolError: it cannot be written.
        """
        self.spool.append(key, started_at, pcm)
        backlog = self._backlogs.get(key)
        if backlog is None:
            backlog = self._backlogs[key] = _Backlog()
        backlog.size += len(pcm)
        backlog.over = False
        self._empty.clear()
        self._queue(key)

    def end(self, key: Key) -> None:
        """Record that a conversation has ended: what is left of its audio is due."""
        if key in self._backlogs:
            self._backlogs[key].over = True
            self._queue(key)

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

    def _queue(self, key: Key) -> None:
        """Queue a conversation for the moment at which it is due, unless it is in hand."""
        backlog = self._backlogs[key]
        due_at = backlog.due_at
        if backlog.in_hand or due_at == backlog.queued_for:
            return
        # An earlier entry of it stays in the queue, and is skipped when its moment comes: finding
        # it would take longer the more conversations wait.
        backlog.queued_for = due_at
        heappush(self._due, (due_at, key))
        if self._due[0][1] == key:
            self._work.set()

    def _send_due(self) -> float | None:
        """Start deliveries that are due while workers are free; return when the next is due.

        The time is in seconds of the loop's clock. None: all others are being delivered, or no
        worker is free; the end of a delivery polls again.
        """
        now = asyncio.get_running_loop().time()
        while self._due:
            due_at, key = self._due[0]
            backlog = self._backlogs.get(key)
            if backlog is None or backlog.queued_for != due_at:
                heappop(self._due)
                continue
            if due_at > now:
                return due_at
            if len(self._deliveries) == self._clients.uploads.size:
                return None
            heappop(self._due)
            self._start(key, backlog)
        return None

    def _start(self, key: Key, backlog: _Backlog) -> None:
        backlog.in_hand, backlog.queued_for = True, None
        delivering = create_named_task(
            self._deliver_all(key), name="uploader:delivery", task_set=self._deliveries
        )
        # A callback, and not the last line of the task: until the task is done it is in
        # `_deliveries`, so a poll would find no free worker, and no later poll would follow
        # (test_the_spool_uploader_is_woken_when_a_worker_is_free).
        delivering.add_done_callback(self._worker_is_free)

    def _worker_is_free(self, _: asyncio.Task[None]) -> None:
        """Start the next delivery that is due, without waiting for the next poll."""
        none_was_free = len(self._deliveries) == self._clients.uploads.size - 1
        if self._open:
            self._send_due()
        if none_was_free:
            self._work.set()  # the poll before this one found no worker, and waits for work

    async def _deliver_all(self, key: Key) -> None:
        backlog = self._backlogs[key]
        try:
            while backlog.due_at <= asyncio.get_running_loop().time():
                delivery = self.spool.next_delivery(key)
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
            if key in self._backlogs:
                self._queue(key)

    async def _deliver(self, delivery: Delivery) -> None:
        await self._clients.upload(
            Batch(*delivery.key, delivery.started_at, delivery.audio, delivery.id)
        )
        self.spool.delivered(delivery)
        self._metrics.stored.inc(len(delivery.audio))
        self._note_if_empty()

    def _note_if_empty(self) -> None:
        if not self.spool.size:
            self._empty.set()

    def _put_off(self, backlog: _Backlog) -> None:
        backlog.failures += 1
        pause = pause_after(backlog.failures, config.DELIVERY_BACKOFF)
        backlog.retry_at = asyncio.get_running_loop().time() + pause
