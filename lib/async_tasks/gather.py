"""Run many awaitables, a few at a time, with an outcome for each.

A few worker tasks take the items from one iterator. A task per item would cost 1.7 kB for each of
100,000 items up front; here an item costs its place in the list of results.
"""

import asyncio
import logging
import types
from collections.abc import Awaitable, Collection, Coroutine, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from async_tasks.metrics import METRICS, Metrics
from async_tasks.tasks import Roster, crash_of, keep_until_done
from async_tasks.timeouts import ItemLimit, finite_seconds

T = TypeVar("T")
Worker = asyncio.Task[None]

_log = logging.getLogger("async_tasks")

STOP_TIMEOUT: Final = 5.0
"""Seconds that the running items have to end when their gather is cancelled."""
TRACEBACKS: Final = 3
"""How many failures of one call are logged with a traceback; one line sums up all of them."""


class ItemTimeoutError(TimeoutError):
    """The limit of the call ended the item: not an exception of the item's own."""


@dataclass(frozen=True, slots=True)
class GatherResult(Generic[T]):
    """The outcome of one item.

    Attributes:
        index: The position of the item in the input, counted from 0.
        value: What the item returned, which may be None.
        exception: What the item raised; None when it returned.
    """

    index: int
    value: T | None = None
    exception: BaseException | None = None

    @property
    def ok(self) -> bool:
        """Whether the item returned."""
        return self.exception is None

    @property
    def timed_out(self) -> bool:
        """Whether the limit of the call ended the item. False for a TimeoutError of its own."""
        return isinstance(self.exception, ItemTimeoutError)

    @property
    def cancelled(self) -> bool:
        """Whether the item ended by a cancellation of its own."""
        return isinstance(self.exception, asyncio.CancelledError)


async def gather_with_logging(
    *coros: Awaitable[T],
    label: str,
    max_concurrency: int = 10,
    timeout: float | None = None,
    isolate: bool = False,
    metrics: Metrics = METRICS,
) -> list[GatherResult[T]]:
    """Run ``coros`` and return an outcome for each, in the order of the input.

    The exception of an item is in its outcome and does not affect the others. Failures are counted
    and logged, the first three with tracebacks. Each item runs in a copy of the caller's context,
    and inside a worker task, which runs one item after the other: see ``isolate``.

    When the call is cancelled, or an item raises SystemExit or KeyboardInterrupt, the running items
    are cancelled once and waited for (5 s at most), the queued ones are closed, and it raises.

    Args:
        coros: Coroutines or other awaitables.
        label: A static label for the metrics, the log and the names of the workers.
        max_concurrency: How many items run at a time, 1 or more.
        timeout: Seconds that each item may take from its own start; None is no limit. An item that
            refuses to be cancelled by it occupies its worker until it ends.
        isolate: True: each item is a task of its own, as with ``asyncio.gather``. Needed where
            items, or libraries that they use, keep state by ``asyncio.current_task()``, or leave a
            timer behind that cancels it: in a shared task the next item would see that state, and
            be hit by that timer. An item that does nothing costs twice as much: a task, of which
            ``max_concurrency`` exist at a time.
        metrics: Where failures and the duration are counted.

    Raises:
        ValueError: ``max_concurrency`` is below 1, or ``timeout`` is not finite. The items are
            closed.
    """
    with _refusing(coros):
        _at_least_one("max_concurrency", max_concurrency)
        if timeout is not None:
            finite_seconds("timeout", timeout)
    with _observed(label, metrics) as results:
        pool = Pool(coros, results, timeout=timeout, isolate=isolate)
        await pool.run(max_concurrency, label)
    return results


async def gather_chunked(
    coros: Iterable[Awaitable[T]],
    *,
    chunk_size: int = 10,
    label: str,
    max_concurrency: int | None = None,
    timeout: float | None = None,
    isolate: bool = False,
    metrics: Metrics = METRICS,
) -> list[GatherResult[T]]:
    """Run ``coros`` in chunks: every item of a chunk has ended before the next chunk starts.

    Each chunk waits for its slowest item. Where the order of chunks does not matter, use
    :func:`gather_with_logging`, which starts an item as soon as another ends. Outcomes, failures
    and cancellation are as there; items of chunks that have not started are closed as well.

    Args:
        coros: Coroutines or other awaitables. An iterator is read chunk by chunk.
        chunk_size: How many items make a chunk, 1 or more.
        label: A static label for the metrics, the log and the names of the workers.
        max_concurrency: How many items of a chunk run at a time; by default all.
        timeout: Seconds that each item may take from its own start; None is no limit.
        isolate: True: each item is a task of its own.
        metrics: Where failures and the duration are counted.

    Raises:
        ValueError: ``chunk_size`` or ``max_concurrency`` is below 1, or ``timeout`` is not finite.
    """
    with _refusing(coros):
        _at_least_one("chunk_size", chunk_size)
        concurrency = chunk_size if max_concurrency is None else max_concurrency
        _at_least_one("max_concurrency", concurrency)
        if timeout is not None:
            finite_seconds("timeout", timeout)
    rest = iter(coros)
    with _observed(label, metrics) as results:
        try:
            while chunk := _take(rest, chunk_size):
                pool = Pool(chunk, results, timeout=timeout, isolate=isolate)
                await pool.run(concurrency, label)
        except BaseException:
            # Coroutines of a list exist already and would warn that they were never awaited. Those
            # of a generator do not exist yet; reading it would make them.
            if rest is not coros:
                for item in rest:
                    _discard(item)
            raise
    return results


def _take(items: Iterator[Awaitable[T]], size: int) -> list[Awaitable[T]]:
    chunk: list[Awaitable[T]] = []
    try:
        chunk.extend(islice(items, size))
    except BaseException:
        for item in chunk:
            _discard(item)
        raise
    return chunk


def _at_least_one(name: str, value: int) -> None:
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number of 1 or more, not {value!r}")


@contextmanager
def _refusing(items: Iterable[Awaitable[Any]]) -> Iterator[None]:
    """Discard ``items`` when the block raises ValueError, so that no coroutine is left unawaited.

    An iterator is not read: its items do not exist yet.
    """
    try:
        yield
    except ValueError:
        if not isinstance(items, Iterator):
            for item in items:
                _discard(item)
        raise


@contextmanager
def _observed(label: str, metrics: Metrics) -> Iterator[list[Any]]:
    """Yield the list of results to fill; on exit, log and count the failures in it."""
    now = asyncio.get_running_loop().time
    started = now()
    results: list[GatherResult[Any] | None] = []
    try:
        yield results
    finally:
        failures = [
            (result.index, result.exception)
            for result in results
            if result is not None and result.exception is not None
        ]
        for index, error in failures[:TRACEBACKS]:
            _log.error("%s: %s failed", label, f"item {index}", exc_info=error)
        if failures:
            total = sum(result is not None for result in results)
            _log.error("%s: %d of %d failed", label, len(failures), total)
        metrics.gather_failures[label,].inc(len(failures))
        metrics.gather_seconds[label,].observe(now() - started)


class Pool(Generic[T]):
    """Run items in a few worker tasks, each item in a context of its own.

    Args:
        items: The items to run.
        results: The list to which one result slot per item is appended. A slot is None until its
            item has an outcome.
        timeout: Seconds that each item may take from its own start; None is no limit.
        isolate: Whether each item is a task of its own.
    """

    def __init__(
        self,
        items: Collection[Awaitable[T]],
        results: list[Any],
        *,
        timeout: float | None,
        isolate: bool,
    ) -> None:
        self._isolate = isolate
        self._size = len(items)
        self._items = enumerate(items, len(results))
        self._results = results
        self._results += [None] * self._size
        self._timeout = timeout
        self._stopping = False

    async def run(self, max_concurrency: int, label: str) -> None:
        """Return when every item has an outcome.

        When the call is cancelled, or an item raises SystemExit or KeyboardInterrupt: cancel the
        running items once, wait for them for 5 s at most, close the queued ones, and raise.

        Args:
            max_concurrency: How many workers there are at most.
            label: What the names of the workers start with.
        """
        if not self._size:
            return
        workers: list[Worker] = []
        try:
            for number in range(min(max_concurrency, self._size)):
                # An eager task runs its first item in this very call, which may raise SystemExit
                # (test_a_system_exit_in_an_eager_item_closes_the_queued_ones).
                worker = asyncio.create_task(self._work(), name=f"{label}:worker-{number}")
                workers.append(worker)
            done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
            for worker in done:
                worker.result()
        except BaseException:
            # The queue is emptied before the workers are cancelled: a worker whose item swallows
            # the cancellation and returns would otherwise start the next one.
            self._stopping = True
            for _, item in self._items:
                _discard(item)
            await _end(workers)
            raise

    async def _work(self) -> None:
        worker = asyncio.current_task()
        assert worker is not None
        limit = None if self._timeout is None else ItemLimit(self._timeout, worker)
        try:
            # All workers share this iterator. It needs no lock: only an `await` switches tasks.
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
            outcome = GatherResult(index, await self._value(_as_coroutine(item)))
        except asyncio.CancelledError as error:
            # Three cancellations end here: that of the gather, which has to pass; that of the
            # item's limit; and that of the item itself, such as awaiting a cancelled task.
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
            cancellation = await self._uncancel(worker)
            if cancellation is not None and outcome.ok:
                return GatherResult(index, exception=cancellation)
        return outcome

    async def _value(self, item: Coroutine[Any, Any, T]) -> T:
        if self._isolate:
            # Cancelling a task that awaits another one cancels that one.
            return await asyncio.create_task(item, context=copy_context())
        return await _in_own_context(item)

    async def _uncancel(self, worker: Worker) -> asyncio.CancelledError | None:
        """Clear the cancellations that belong to the item that has just ended.

        Returns the one that had been requested and not raised yet, if any.
        """
        # An item may cancel `current_task()`, which is its worker, in its last step and return. The
        # request would be raised at the worker's next `await`: inside the next item, which has
        # nothing to do with it. So it is raised here. The count is set back too, or an
        # `asyncio.timeout` of a later item would take its own expiry for an outside cancellation
        # (test_an_item_that_cancels_itself_in_its_last_step_is_cancelled_and_the_next_is_not).
        requested = None
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            if self._stopping:
                raise
            requested = error
        while worker.cancelling() and not self._stopping:
            worker.uncancel()
        return requested

    def _too_late(self) -> ItemTimeoutError:
        return ItemTimeoutError(f"no result within {self._timeout:g} s")


async def _end(workers: list[Worker]) -> None:
    # Bounded: `asyncio.gather` waits for its most stubborn item, for as long as that one lives.
    with Roster(workers) as roster:
        roster.cancel()
        await roster.ended_uninterrupted(asyncio.get_running_loop().time() + STOP_TIMEOUT)
    for worker in workers:
        keep_until_done(worker)
        worker.add_done_callback(_retrieve)


def _retrieve(worker: Worker) -> None:
    crash_of(worker)


@types.coroutine
def _in_own_context(coro: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
    """Await ``coro`` in the current task and in a copy of the current context.

    A cancellation of the current task is raised inside ``coro``, as with a plain ``await``.
    """
    # A plain `await` would run every item of a worker in the worker's context, and a context
    # variable that one item sets (a request id for the log) would be seen by the next. A task has
    # one context for its whole life, so each step of the item is run in its own.
    run = copy_context().run
    try:
        pending = run(coro.send, None)
        while True:
            try:
                yield pending
            except GeneratorExit:
                run(coro.close)
                raise
            except BaseException as error:
                pending = run(coro.throw, error)
            else:
                pending = run(coro.send, None)
    except StopIteration as end:
        value: T = end.value
        return value


def _as_coroutine(item: Awaitable[T]) -> Coroutine[Any, Any, T]:
    """Return ``item`` if it is a coroutine, else one that awaits it."""
    return item if asyncio.iscoroutine(item) else _await(item)


async def _await(item: Awaitable[T]) -> T:
    return await item


def _discard(item: Awaitable[Any]) -> None:
    """Close a coroutine that was never started, or cancel a future."""
    if asyncio.iscoroutine(item):
        item.close()
    elif isinstance(item, asyncio.Future):
        item.cancel()
