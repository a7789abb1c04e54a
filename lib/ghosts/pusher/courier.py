"""The courier: what brings a pod's audio to its spool, and from there to storage."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field

from async_tasks import create_named_task, drain_tasks, ticks
from ghosts import settings
from ghosts.backends.clients import Batch, Clients
from ghosts.pusher.metrics import Metrics
from ghosts.pusher.spool import Delivery, Key, Spool, SpoolError

_log = logging.getLogger("ghosts.pusher")


@dataclass(slots=True)
class _Backlog:
    """What is known of one conversation's audio in the spool."""

    size: int = 0
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    over: bool = False
    """No more is coming, as far as anybody knows."""
    failures: int = 0
    retry_at: float = 0.0
    in_hand: bool = False

    @property
    def due_at(self) -> float:
        """Seconds of the loop's clock."""
        if self.failures:
            return self.retry_at
        if self.over or self.size >= settings.SPOOL_BATCH_BYTES:
            return self.since
        return self.since + settings.SPOOL_BATCH_AGE


class Courier:
    """Delivers what is in a spool: as often as it takes, and a conversation in its order.

    Each delivery has an id that stays the same until storage has confirmed it, so storage can tell
    one that it has already. A conversation is due when it is over, when a minute's worth of audio
    has come, or a minute after its first or after the delivery before. What a process before this
    one has left is due at once. A delivery that fails is tried again for ever: after 1 s at first,
    every 30 s in the end. As many are on their way at a time as the pool has workers, and one that
    ends makes room for the next at once.
    """

    def __init__(self, spool: Spool, clients: Clients, metrics: Metrics) -> None:
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
        return f"<Courier {len(self._deliveries)} on the way, {self.spool!r}>"

    def accept(self, key: Key, started_at: float, pcm: bytes) -> None:
        """Keep audio on disk, before this returns; see :meth:`Spool.append` for what it raises."""
        self.spool.append(key, started_at, pcm)
        self._measure()
        backlog = self._backlogs.setdefault(key, _Backlog())
        backlog.size += len(pcm)
        backlog.over = False
        self._work.set()

    def end(self, key: Key) -> None:
        """Take note that a conversation is over: what is left of it is due."""
        if key in self._backlogs:
            self._backlogs[key].over = True
            self._work.set()

    async def emptied(self, *, timeout: float) -> None:
        """Return when nothing is left in the spool, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._empty.wait()

    async def run(self) -> None:
        """Deliver whatever is due, until cancelled. What is then on the way stays in the spool."""
        looks = ticks(asyncio.Event(), settings.PRIVATE_CLOUD_TICK, work=self._work)
        now = asyncio.get_running_loop().time
        self._open = True
        try:
            async for _ in looks:
                waiting = self._send_due()
                looks.due_in(max(0.0, waiting - now()) if waiting is not None else None)
        finally:
            self._open = False
            await drain_tasks(
                self._deliveries, timeout=settings.CANCEL_ACK_TIMEOUT, label="pusher_courier"
            )

    def _send_due(self) -> float | None:
        """Send out what is due, as far as there are workers; say when the next one will be due."""
        now = asyncio.get_running_loop().time()
        waiting = [(one.due_at, key) for key, one in self._backlogs.items() if not one.in_hand]
        for due_at, key in sorted(waiting):
            if len(self._deliveries) == self._clients.uploads.size:
                return None  # the end of one of these is work
            if due_at > now:
                return due_at
            self._backlogs[key].in_hand = True
            delivering = create_named_task(
                self._deliver_all(key), name="courier:delivery", task_set=self._deliveries
            )
            # Not at its very end: a look before it has left the set would find no worker free, and
            # nobody to wake it later (test_a_courier_is_woken_when_a_worker_is_free).
            delivering.add_done_callback(self._worker_is_free)
        return None

    def _worker_is_free(self, _: asyncio.Task[None]) -> None:
        """Send out the next that is due, without waiting for the next look: it is not for long."""
        if self._open:
            self._send_due()
        self._work.set()

    async def _deliver_all(self, key: Key) -> None:
        backlog = self._backlogs[key]
        try:
            while backlog.due_at <= asyncio.get_running_loop().time():
                delivery = self.spool.next_delivery(key, settings.SPOOL_BATCH_BYTES)
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
        pauses = settings.DELIVERY_BACKOFF
        pause = pauses[min(backlog.failures, len(pauses) - 1)]
        backlog.failures += 1
        backlog.retry_at = asyncio.get_running_loop().time() + pause

    def _measure(self) -> None:
        self._metrics.spooled.set(self.spool.size)
        if self.spool.size:
            self._empty.clear()
        else:
            self._empty.set()
