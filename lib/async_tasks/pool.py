"""A few workers that take items from one iterator."""

import asyncio
from collections.abc import Awaitable, Collection
from typing import Any, Final, Generic, TypeVar

from async_tasks.crashes import crash_of
from async_tasks.gather_result import GatherResult, ItemTimeoutError
from async_tasks.item import as_coroutine, discard, in_own_context
from async_tasks.item_limit import ItemLimit
from async_tasks.references import keep_until_done
from async_tasks.roster import Roster

T = TypeVar("T")
Worker = asyncio.Task[None]

STOP_TIMEOUT: Final = 5.0
"""Seconds that running items have to acknowledge the cancellation of their gather."""


class Pool(Generic[T]):
    """Runs ``items`` and appends to ``results`` a place for each, to be filled with its outcome.

    A place is None until then. An item runs inside a worker, in a context of its own. ``timeout``
    is the limit of each item in seconds; an item that refuses to be cancelled by it keeps its
    worker until it ends.
    """

    def __init__(
        self,
        items: Collection[Awaitable[T]],
        results: list[Any],
        *,
        timeout: float | None,
    ) -> None:
        self._size = len(items)
        self._items = enumerate(items, len(results))
        self._results = results
        self._results += [None] * self._size
        self._timeout = timeout
        self._stopping = False

    async def run(self, max_concurrency: int, label: str) -> None:
        """Return when every item has an outcome.

        Cancelled, or when an item raises SystemExit or KeyboardInterrupt: cancel the running items
        once, wait for them for 5 s at most, close the queued ones, and raise.
        """
        workers = [
            asyncio.create_task(self._work(), name=f"{label}:worker-{number}")
            for number in range(min(max_concurrency, self._size))
        ]
        if not workers:
            return
        try:
            done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for worker in done:
                worker.result()
        except BaseException:
            self._stopping = True
            for _, item in self._items:
                discard(item)
            await _end(workers)
            raise

    async def _work(self) -> None:
        worker = asyncio.current_task()
        assert worker is not None
        limit = None if self._timeout is None else ItemLimit(self._timeout, worker)
        try:
            for index, item in self._items:
                self._results[index] = await self._outcome(index, item, worker, limit)
                if self._stopping:
                    return
        finally:
            if limit is not None:
                limit.close()

    async def _outcome(
        self, index: int, item: Awaitable[T], worker: Worker, limit: ItemLimit | None
    ) -> GatherResult[T]:
        if limit is not None:
            limit.start()
        try:
            outcome = GatherResult(index, await in_own_context(as_coroutine(item)))
        except asyncio.CancelledError as error:
            if self._stopping:
                raise
            late = limit is not None and limit.expired
            outcome = GatherResult(index, exception=self._too_late() if late else error)
        except Exception as error:
            outcome = GatherResult(index, exception=error)
        finally:
            if limit is not None:
                limit.stop()
        if worker.cancelling() and not self._stopping:
            cancellation = await self._taken_back(worker)
            if cancellation is not None and outcome.ok:
                return GatherResult(index, exception=cancellation)
        return outcome

    async def _taken_back(self, worker: Worker) -> asyncio.CancelledError | None:
        """Free the worker of cancellations that were the item's; return one it had not felt yet."""
        unfelt = None
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            if self._stopping:
                raise
            unfelt = error
        while worker.cancelling() and not self._stopping:
            worker.uncancel()
        return unfelt

    def _too_late(self) -> ItemTimeoutError:
        return ItemTimeoutError(f"no result within {self._timeout:g} s")


async def _end(workers: list[Worker]) -> None:
    with Roster(workers) as roster:
        roster.cancel()
        await roster.ended_uninterrupted(asyncio.get_running_loop().time() + STOP_TIMEOUT)
    for worker in workers:
        keep_until_done(worker)
        worker.add_done_callback(_retrieve)


def _retrieve(worker: asyncio.Task[Any]) -> None:
    crash_of(worker)
