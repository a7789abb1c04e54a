"""End tasks within a bound."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final

from async_tasks.arguments import finite_seconds
from async_tasks.crashes import crash_of, log_crash
from async_tasks.drain_report import DrainReport, StuckTask
from async_tasks.metrics import METRICS, Metrics
from async_tasks.references import keep_until_done
from async_tasks.roster import Roster
from async_tasks.where import where

_log = logging.getLogger("async_tasks")

# As in production: 5 s to acknowledge a cancellation after 30 s of grace; in proportion below that.
_CANCEL_TIMEOUT: Final = 5.0
_CANCEL_SHARE: Final = 5.0 / 30.0


async def drain_tasks(
    tasks: Iterable[asyncio.Task[Any]],
    *,
    timeout: float = 30.0,
    label: str = "drain",
    cancel: bool = True,
    cancel_timeout: float | None = None,
    metrics: Metrics = METRICS,
) -> DrainReport:
    """Come back when ``tasks`` have ended, within a bound whatever they do; say who is stuck.

    ``cancel=True``: cancel them at once and wait ``timeout`` seconds at most, no longer in all.
    ``cancel=False``: let them work for ``timeout`` seconds at most, then cancel the rest and wait
    ``cancel_timeout`` more (by default a sixth of ``timeout``, 5 s at most).

    Each task is cancelled once, whatever number of drains it is in, at once or in turn: one that an
    earlier drain has cancelled is only waited for.
    The current task is left out. A live collection is read again until it holds no pending task.
    The report counts the tasks that did not end within ``timeout`` and names all. Failures are
    logged, also those from before; a stuck task stays referenced and a late crash is logged.

    Cancelled from outside, it ends the grace at once, still finishes the bounded cancel phase, and
    then raises that same cancellation. Raises ValueError for a timeout that is not finite.
    """
    grace = finite_seconds("timeout", timeout)
    if cancel_timeout is None:
        acknowledge = min(grace * _CANCEL_SHARE, _CANCEL_TIMEOUT)
    else:
        acknowledge = finite_seconds("cancel_timeout", cancel_timeout)
    now = asyncio.get_running_loop().time
    started = now()
    interruption = None
    with Roster(tasks) as roster:
        if not cancel:
            try:
                await roster.ended(started + grace)
            except asyncio.CancelledError as error:
                interruption = error
        if roster.pending:
            roster.cancel()
            again = await roster.ended_uninterrupted(now() + (grace if cancel else acknowledge))
            interruption = interruption or again
    report = _report(roster, label, graceful=not cancel)
    metrics.drain_seconds[label,].observe(now() - started)
    if report:
        metrics.drain_timeouts[label,].inc()
    if interruption is not None:
        raise interruption
    return report


def _report(roster: Roster, label: str, *, graceful: bool) -> DrainReport:
    finished, cancelled, failed, stuck = [], [], [], []
    for task in roster.seen:
        name = task.get_name()
        if not task.done():
            stuck.append(StuckTask(name, where(task)))
            _hold(task)
        elif task.cancelled():
            cancelled.append(name)
        elif crash_of(task) is not None:
            failed.append(name)
            log_crash(task, label)
        else:
            finished.append(name)
    if stuck:
        _log.error("%s: stuck: %s", label, "; ".join(map(str, stuck)))
    return DrainReport(
        len(roster.asked) if graceful else len(stuck),
        finished=tuple(finished),
        cancelled=tuple(cancelled),
        failed=tuple(failed),
        stuck=tuple(stuck),
    )


def _hold(task: asyncio.Task[Any]) -> None:
    keep_until_done(task)
    task.add_done_callback(_log_late_end)


def _log_late_end(task: asyncio.Task[Any]) -> None:
    log_crash(task, "after its drain")
