"""Run a long input of awaitables chunk by chunk."""

from collections.abc import Awaitable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from async_tasks.arguments import at_least_one, finite_seconds
from async_tasks.gather import observed, refusing
from async_tasks.gather_result import GatherResult
from async_tasks.item import discard
from async_tasks.metrics import METRICS, Metrics
from async_tasks.pool import Pool

T = TypeVar("T")


async def gather_chunked(
    coros: Iterable[Awaitable[T]],
    *,
    chunk_size: int = 10,
    label: str,
    max_concurrency: int | None = None,
    timeout: float | None = None,
    metrics: Metrics = METRICS,
) -> list[GatherResult[T]]:
    """Run ``coros`` in chunks: every item of a chunk has ended before the next chunk starts.

    That promise has a price: each chunk waits for its slowest item. Where it is not needed, use
    :func:`gather_with_logging`, which starts an item as soon as another ends. An iterator is read
    chunk by chunk. ``index`` counts through all chunks. ``max_concurrency`` is ``chunk_size``
    unless given. Outcomes, limits, failures and cancellation are those of
    :func:`gather_with_logging`; the chunks that have not started are closed as well.
    Raises ValueError also for a ``chunk_size`` below 1.
    """
    with refusing(coros):
        at_least_one("chunk_size", chunk_size)
        concurrency = chunk_size if max_concurrency is None else max_concurrency
        at_least_one("max_concurrency", concurrency)
        if timeout is not None:
            finite_seconds("timeout", timeout)
    rest = iter(coros)
    with observed(label, metrics) as results:
        try:
            while chunk := _take(rest, chunk_size):
                pool = Pool(chunk, results, timeout=timeout)
                await pool.run(concurrency, label)
        except BaseException:
            if rest is not coros:
                for item in rest:
                    discard(item)
            raise
    return results


def _take(items: Iterator[Awaitable[T]], size: int) -> list[Awaitable[T]]:
    chunk: list[Awaitable[T]] = []
    try:
        chunk.extend(islice(items, size))
    except BaseException:
        for item in chunk:
            discard(item)
        raise
    return chunk
