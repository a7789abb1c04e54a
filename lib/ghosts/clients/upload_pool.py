"""The upload pool: workers that behave like a pool of threads, as tasks on the event loop."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from async_tasks import drain_tasks
from ghosts import config

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A call, queued or on a worker, with the size of its payload and its caller's future."""

    call: Callable[[], Awaitable[Any]]
    payload_bytes: int
    answer: asyncio.Future[Any]


class UploadPool:
    """``size`` workers, shared by all callers of :meth:`run`, first in, first out.

    It has the property of a ``ThreadPoolExecutor`` that caused the incident: cancelling the caller
    does not stop the call. A running call occupies its worker and keeps its payload in memory until
    it returns. A queued one keeps its payload until it is next, and is then skipped.

    Args:
        size: The number of workers. They start at once, so a running event loop is required.
    """

    def __init__(self, size: int) -> None:
        self._queue: deque[Job] = deque()
        self._running: dict[Job, float] = {}
        # Counts the queued calls: of the idle workers one is woken for each, and not all.
        self._wanted = asyncio.Semaphore(0)
        self._workers = [
            asyncio.create_task(self._work(), name=f"storage-worker:{number}")
            for number in range(size)
        ]

    def __repr__(self) -> str:
        return f"<UploadPool {self.busy} of {self.size} busy, {self.queued} queued>"

    @property
    def size(self) -> int:
        """Number of workers."""
        return len(self._workers)

    @property
    def busy(self) -> int:
        """Number of workers that are in a call."""
        return len(self._running)

    def busy_for(self, seconds: float) -> int:
        """Return the number of workers in the same call for more than ``seconds``."""
        since = asyncio.get_running_loop().time() - seconds
        return sum(began < since for began in self._running.values())

    @property
    def queued(self) -> int:
        """Number of calls that wait for a worker, including those whose caller was cancelled."""
        return len(self._queue)

    @property
    def running_bytes(self) -> int:
        """Payload bytes of running calls, including those whose caller was cancelled."""
        return sum(job.payload_bytes for job in self._running)

    @property
    def abandoned_bytes(self) -> int:
        """Payload bytes of running and queued calls whose caller was cancelled."""
        return sum(
            job.payload_bytes for job in (*self._running, *self._queue) if job.answer.cancelled()
        )

    async def run(self, call: Callable[[], Awaitable[T]], *, payload_bytes: int = 0) -> T:
        """Run ``call`` on a worker and return what it returns, or raise what it raises.

        It has no bound: while every worker is blocked, it never returns. Cancelling it returns at
        once and does not stop the call; see the class.

        Args:
            call: An async function without arguments.
            payload_bytes: The size of what ``call`` keeps in memory, for the counts.
        """
        job = Job(call, payload_bytes, asyncio.get_running_loop().create_future())
        self._queue.append(job)
        self._wanted.release()
        try:
            answer: T = await job.answer
        finally:
            del job  # the traceback of an error refers to this frame, and so to the payload
        return answer

    async def close(self) -> None:
        """Cancel the workers and wait for them, 5 s at most. Callers that wait never return."""
        await drain_tasks(self._workers, timeout=config.CANCEL_ACK_TIMEOUT, label="storage_workers")

    async def _work(self) -> None:
        while True:
            await self._wanted.acquire()
            await self._carry_out(self._queue.popleft())

    async def _carry_out(self, job: Job) -> None:
        if job.answer.cancelled():
            return
        self._running[job] = asyncio.get_running_loop().time()
        worker = asyncio.current_task()
        try:
            result = await job.call()
        except asyncio.CancelledError:
            # Raised by the call, and not by `close`: it costs its caller, and not the worker.
            if worker is not None and worker.cancelling():
                raise
            job.answer.cancel()  # as a future does whose thread raises CancelledError
        except Exception as error:
            if not job.answer.done():
                job.answer.set_exception(error)
        else:
            if not job.answer.done():
                job.answer.set_result(result)
        finally:
            del self._running[job]
            del job  # the traceback of an error refers to this frame, and so to the payload
