"""Wait until a session has to end, and say why."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from async_tasks.crashes import crash_of, log_crash
from async_tasks.metrics import METRICS, Metrics
from async_tasks.peer import is_peer_gone
from async_tasks.supervisor_exit import ExitReason, SupervisorExit, TaskEnd

_log = logging.getLogger("async_tasks")
_PRECEDENCE = {reason: rank for rank, reason in enumerate(ExitReason)}
# From Python 3.14 on, `python -m asyncio pstree` draws a task below the one that awaits it.
_add_awaited_by = getattr(asyncio, "future_add_to_awaited_by", None)
_discard_awaited_by = getattr(asyncio, "future_discard_from_awaited_by", None)

AnyTask = asyncio.Task[Any]


async def supervise_tasks(
    *,
    receive_task: AnyTask,
    bg_tasks: Iterable[AnyTask],
    finite_tasks: Collection[AnyTask] | None = None,
    label: str,
    metrics: Metrics = METRICS,
) -> SupervisorExit:
    """Return when the first of the tasks ends whose end is the end of the session.

    The reasons, by precedence when several tasks are found ended: ``disconnect`` (the receive task
    returned, or any task raised that the peer has gone), ``crash`` (any task raised), ``cancelled``
    (the receive task or a lifetime task was cancelled), ``lifetime_done`` (a background task
    returned that is not in ``finite_tasks``). That a finite task returns or is cancelled ends
    nothing.

    There is no time limit. No task is cancelled, neither on return nor when the supervision itself
    is cancelled. Every exit is counted under ``label``, its cancellation as ``cancelled``; the
    deciding crash is logged with its traceback. The cost is one callback per task.
    Raises ValueError when a finite task is not among the supervised.
    """
    tasks = dict.fromkeys((receive_task, *bg_tasks))
    finite = frozenset(finite_tasks or ()) - {receive_task}
    if stray := finite - tasks.keys():
        names = sorted(task.get_name() for task in stray)
        raise ValueError(f"finite_tasks must be among bg_tasks, but these are not: {names}")

    def ends() -> list[TaskEnd]:
        looked_at = (_end(task, task is receive_task, task in finite) for task in tasks)
        return sorted(filter(None, looked_at), key=lambda end: _PRECEDENCE[end.reason])

    try:
        if not (found := ends()):
            await _first_end(tasks, receive_task, finite)
            # Every task is looked at, not the one that woke us: the receive task may have ended
            # since (test_a_disconnect_in_the_same_moment_as_a_crash_is_a_disconnect).
            found = ends()
    except asyncio.CancelledError:
        metrics.exits[label, ExitReason.CANCELLED].inc()
        raise
    decider, *others = found
    metrics.exits[label, decider.reason].inc()
    _report(label, decider, others, tasks)
    return SupervisorExit(decider.reason, decider.task_name, decider.exception, tuple(others))


async def _first_end(
    tasks: Iterable[AnyTask], receive_task: AnyTask, finite: frozenset[AnyTask]
) -> None:
    """Wait for the first end of a task that ends the session."""
    first = asyncio.get_running_loop().create_future()

    def on_done(task: AnyTask) -> None:
        if _end(task, task is receive_task, task in finite) and not first.done():
            first.set_result(None)

    with _awaited_by_current_task(tasks):
        for task in tasks:
            task.add_done_callback(on_done)
        try:
            await first
        finally:
            for task in tasks:
                task.remove_done_callback(on_done)


def _end(task: AnyTask, is_receive: bool, is_finite: bool) -> TaskEnd | None:
    """Return how ``task`` ended if that ends the session. Its exception is then retrieved."""
    if not task.done():
        return None
    error = crash_of(task)
    if error is not None:
        reason = ExitReason.DISCONNECT if is_peer_gone(error) else ExitReason.CRASH
    elif is_finite:
        return None
    elif task.cancelled():
        reason = ExitReason.CANCELLED
    else:
        reason = ExitReason.DISCONNECT if is_receive else ExitReason.LIFETIME_DONE
    return TaskEnd(task.get_name(), reason, error)


def _report(label: str, decider: TaskEnd, others: list[TaskEnd], tasks: Iterable[AnyTask]) -> None:
    _log.info("%s: %s, by task %s", label, decider.reason, decider.task_name)
    for end in others:
        _log.info("%s: in the same moment: %s, by task %s", label, end.reason, end.task_name)
    if decider.reason is ExitReason.CRASH:
        for task in tasks:
            if task.done() and crash_of(task) is decider.exception:
                log_crash(task, label)


@contextmanager
def _awaited_by_current_task(tasks: Iterable[AnyTask]) -> Iterator[None]:
    """Show the tasks below the supervising one in the interpreter's task tree, where it has one."""
    if _add_awaited_by is None or _discard_awaited_by is None:
        yield
        return
    supervisor = asyncio.current_task()
    for task in tasks:
        _add_awaited_by(task, supervisor)
    try:
        yield
    finally:
        for task in tasks:
            _discard_awaited_by(task, supervisor)
