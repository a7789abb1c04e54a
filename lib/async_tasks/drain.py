"""End tasks within a bound."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from async_tasks.metrics import METRICS, Metrics
from async_tasks.suspended import suspended_frames
from async_tasks.tasks import AnyTask, Roster, crash_of, keep_until_done, log_crash
from async_tasks.timeouts import finite_seconds

_log = logging.getLogger("async_tasks")

# As in production: 5 s to acknowledge a cancellation after 30 s of grace; in proportion below that.
_CANCEL_TIMEOUT: Final = 5.0
_CANCEL_SHARE: Final = 5.0 / 30.0


@dataclass(frozen=True, slots=True)
class StuckTask:
    """A task that had not ended when the drain returned, and the line it is suspended at."""

    name: str
    where: str

    def __str__(self) -> str:
        return f"{self.name} at {self.where}"


class DrainReport(int):
    """How many tasks had to be cancelled by force after the timeout; 0 when all ended in time.

    The attributes name the tasks, each in one of four.

    Attributes:
        finished: Tasks that returned a value.
        cancelled: Tasks that ended by a cancellation.
        failed: Tasks that raised an exception.
        stuck: Tasks that have not ended.
    """

    finished: tuple[str, ...]
    cancelled: tuple[str, ...]
    failed: tuple[str, ...]
    stuck: tuple[StuckTask, ...]

    def __new__(
        cls,
        forced: int,
        *,
        finished: tuple[str, ...] = (),
        cancelled: tuple[str, ...] = (),
        failed: tuple[str, ...] = (),
        stuck: tuple[StuckTask, ...] = (),
    ) -> "DrainReport":
        """Return a report; ``forced`` is its value as an int."""
        report = super().__new__(cls, forced)
        report.finished = finished
        report.cancelled = cancelled
        report.failed = failed
        report.stuck = stuck
        return report

    def __repr__(self) -> str:
        return (
            f"DrainReport({int(self)}, finished={self.finished}, cancelled={self.cancelled}, "
            f"failed={self.failed}, stuck={self.stuck})"
        )


async def drain_tasks(
    tasks: Iterable[AnyTask],
    *,
    timeout: float = 30.0,
    label: str = "drain",
    cancel: bool = True,
    cancel_timeout: float | None = None,
    metrics: Metrics = METRICS,
) -> DrainReport:
    """Return when ``tasks`` have ended, or at the bound; report the tasks that are stuck and where.

    With ``cancel=True`` the bound is ``timeout`` seconds, with ``cancel=False`` it is ``timeout``
    plus ``cancel_timeout``. It holds whatever the tasks do.

    Each task is cancelled once, in however many drains it is: a task that an earlier drain has
    cancelled is only waited for. The current task is left out. Failures are logged, also those of
    tasks that had ended before. A stuck task stays referenced until it is done, and a late crash
    is logged.

    Cancelled from outside, the drain ends the grace at once, finishes the cancel phase within its
    bound, and then raises that same cancellation.

    Args:
        tasks: The tasks to end. A live collection is read again until it holds no pending task.
        timeout: Seconds of the loop's clock. A negative value counts as 0.
        label: A static label for the metrics and the log.
        cancel: True: cancel the tasks at once. False: let them work for ``timeout`` seconds (the
            grace), then cancel the rest.
        cancel_timeout: Seconds that the tasks have to end after the grace, once they are cancelled.
            By default a sixth of ``timeout``, 5 s at most. Without effect for ``cancel=True``.
        metrics: Where the drain is counted.

    Raises:
        ValueError: A timeout is not a finite number.
    """
    grace = finite_seconds("timeout", timeout)
    if cancel_timeout is None:
        acknowledge = min(grace * _CANCEL_SHARE, _CANCEL_TIMEOUT)
    else:
        acknowledge = finite_seconds("cancel_timeout", cancel_timeout)
    now = asyncio.get_running_loop().time
    started = now()
    # The caller is the `finally` of a handler. A deploy that cancels the handler while it drains
    # wants it gone soon, but not with tasks left running: so the cancellation is kept, the tasks
    # are cancelled and waited for, and only then is it raised
    # (test_a_drain_cancelled_from_outside_leaves_no_task_running).
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
            stuck.append(StuckTask(name, _where(task)))
            # The caller is about to drop its last reference. Collected while it is pending, the
            # task would lose its cleanup, and a crash of it would never be logged
            # (test_a_stuck_task_stays_referenced_and_its_late_crash_is_logged).
            keep_until_done(task)
            task.add_done_callback(_log_late_end)
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
        len(roster.cancelled) if graceful else len(stuck),
        finished=tuple(finished),
        cancelled=tuple(cancelled),
        failed=tuple(failed),
        stuck=tuple(stuck),
    )


def _log_late_end(task: AnyTask) -> None:
    log_crash(task, "after its drain")


def _where(task: AnyTask) -> str:
    """Return the innermost line that ``task`` is suspended at, as ``file.py:12 in function``."""
    line = "unknown"
    for frame in suspended_frames(task):
        code = frame.f_code
        line = f"{PurePath(code.co_filename).name}:{frame.f_lineno} in {code.co_qualname}"
    return line
