"""Run many awaitables, a few at a time, and see every failure."""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from async_tasks.arguments import at_least_one, finite_seconds
from async_tasks.crashes import log_failures
from async_tasks.gather_result import GatherResult
from async_tasks.item import discard
from async_tasks.metrics import METRICS, Metrics
from async_tasks.pool import Pool

T = TypeVar("T")


async def gather_with_logging(
    *coros: Awaitable[T],
    label: str,
    max_concurrency: int = 10,
    timeout: float | None = None,
    metrics: Metrics = METRICS,
) -> list[GatherResult[T]]:
    """Run ``coros``, at most ``max_concurrency`` at a time; return an outcome for each, in order.

    ``timeout`` limits each item, in seconds from its own start. An item's exception is in its
    outcome and does not touch the others; failures are counted under ``label`` and logged, the
    first three with tracebacks. Items run inside a few worker tasks, not in tasks of their own.

    Cancelled, or when an item raises SystemExit or KeyboardInterrupt: the running items are
    cancelled once and waited for (5 s at most), the queued ones closed, and it raises.
    Raises ValueError for ``max_concurrency`` below 1 or a ``timeout`` that is not finite.
    """
    with refusing(coros):
        at_least_one("max_concurrency", max_concurrency)
        if timeout is not None:
            finite_seconds("timeout", timeout)
    with observed(label, metrics) as results:
        await Pool(coros, results, timeout=timeout).run(max_concurrency, label)
    return results


@contextmanager
def refusing(items: Iterable[Awaitable[Any]]) -> Iterator[None]:
    """Discard ``items`` when the arguments are refused, so that none is left never awaited.

    What an iterator has not made yet needs no discarding.
    """
    try:
        yield
    except ValueError:
        if not isinstance(items, Iterator):
            for item in items:
                discard(item)
        raise


@contextmanager
def observed(label: str, metrics: Metrics) -> Iterator[list[Any]]:
    """Yield the list to fill; at the end log and count the failures in it."""
    now = asyncio.get_running_loop().time
    started = now()
    results: list[GatherResult[Any] | None] = []
    try:
        yield results
    finally:
        failures = [
            (f"item {result.index}", result.exception)
            for result in results
            if result is not None and result.exception is not None
        ]
        log_failures(label, failures, sum(result is not None for result in results))
        metrics.gather_failures[label,].inc(len(failures))
        metrics.gather_seconds[label,].observe(now() - started)
