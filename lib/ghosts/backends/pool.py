"""A pool of upload workers that behaves like a pool of threads, on simulated time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from async_tasks import drain_tasks
from ghosts import settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A call that waits for a worker or occupies one, its payload, and who waits for it."""

    call: Callable[[], Awaitable[Any]]
    payload_bytes: int
    answer: asyncio.Future[Any]


class WorkerPool:
    """``size`` workers, shared by all who call :meth:`run`, first come, first served.

    It has the property of a ``ThreadPoolExecutor`` that the incident turns on: cancelling the one
    who waits frees nothing. A job that runs keeps its worker and its payload until the call
    returns; one that is still queued keeps its payload until a worker comes to it, and is then
    passed over.
    """

    def __init__(self, size: int) -> None:
        self._queue: deque[Job] = deque()
        self._running: dict[Job, float] = {}
        self._wanted = asyncio.Event()
        self._workers = [
            asyncio.create_task(self._work(), name=f"storage-worker:{number}")
            for number in range(size)
        ]

    def __repr__(self) -> str:
        return f"<WorkerPool {self.busy} of {self.size} busy, {self.queued} queued>"

    @property
    def size(self) -> int:
        """How many workers there are."""
        return len(self._workers)

    @property
    def busy(self) -> int:
        """How many workers are in a call."""
        return len(self._running)

    def busy_for(self, seconds: float) -> int:
        """Say how many workers have been in the same call for more than so many seconds."""
        since = asyncio.get_running_loop().time() - seconds
        return sum(began < since for began in self._running.values())

    @property
    def queued(self) -> int:
        """How many jobs wait for a worker, those whose caller has gone included."""
        return len(self._queue)

    @property
    def running_bytes(self) -> int:
        """Bytes that are being uploaded, whether or not somebody still waits for them."""
        return sum(job.payload_bytes for job in self._running)

    @property
    def abandoned_bytes(self) -> int:
        """Bytes held for callers that have gone, by workers and by the queue."""
        return sum(
            job.payload_bytes for job in (*self._running, *self._queue) if job.answer.cancelled()
        )

    async def run(self, call: Callable[[], Awaitable[T]], *, payload_bytes: int = 0) -> T:
        """Run ``call`` on a worker and return what it returns, or raise what it raises.

        There is no bound: with every worker stuck this waits for ever. Cancelling it returns at
        once; see the class for what goes on without the caller.
        """
        job = Job(call, payload_bytes, asyncio.get_running_loop().create_future())
        self._queue.append(job)
        self._wanted.set()
        try:
            answer: T = await job.answer
        finally:
            del job  # an error's traceback would keep it, and its payload
        return answer

    async def close(self) -> None:
        """Cancel the workers and wait for them, 5 s at most. Jobs that wait are never answered."""
        await drain_tasks(
            self._workers, timeout=settings.CANCEL_ACK_TIMEOUT, label="storage_workers"
        )

    async def _work(self) -> None:
        while True:
            while not self._queue:
                self._wanted.clear()
                await self._wanted.wait()
            await self._carry_out(self._queue.popleft())

    async def _carry_out(self, job: Job) -> None:
        if job.answer.cancelled():
            return
        self._running[job] = asyncio.get_running_loop().time()
        worker = asyncio.current_task()
        try:
            result = await job.call()
        except asyncio.CancelledError:
            if worker is not None and worker.cancelling():
                raise
            job.answer.cancel()  # as a future does for whom its thread raises this
        except Exception as error:
            if not job.answer.done():
                job.answer.set_exception(error)
        else:
            if not job.answer.done():
                job.answer.set_result(result)
        finally:
            del self._running[job]
            del job  # an error's traceback would keep it, and its payload
