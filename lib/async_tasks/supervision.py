"""The tasks of one session while they are watched, and the end that decides."""

import asyncio
import logging
from collections.abc import Callable
from contextvars import copy_context
from enum import Enum
from typing import Any

from async_tasks.crashes import crash_of, log_crash
from async_tasks.metrics import Metrics
from async_tasks.peer import is_peer_gone
from async_tasks.supervisor_exit import ExitReason, SupervisorExit, TaskEnd

_log = logging.getLogger("async_tasks")
_PRECEDENCE = {reason: rank for rank, reason in enumerate(ExitReason)}
# From Python 3.14 on, `python -m asyncio pstree` draws a task below the one that awaits it.
_add_awaited_by = getattr(asyncio, "future_add_to_awaited_by", None)
_discard_awaited_by = getattr(asyncio, "future_discard_from_awaited_by", None)

AnyTask = asyncio.Task[Any]


class Role(Enum):
    """What the end of a task means for its session."""

    RECEIVE = "receive"
    """The peer has gone, unless it crashed."""
    LIFETIME = "lifetime"
    """The session is over: it cannot go on without."""
    FINITE = "finite"
    """Nothing, unless it crashed: it was meant to end."""


class Supervision:
    """Watches tasks, also those that are added while it waits. It cancels none."""

    __slots__ = ("_context", "_first", "_label", "_metrics", "_roles", "_supervisor")

    def __init__(self, label: str, metrics: Metrics) -> None:
        self._label = label
        self._metrics = metrics
        self._roles: dict[AnyTask, Role] = {}
        self._context = copy_context()  # one for all callbacks, else each makes its own
        self._supervisor: AnyTask | None = None
        self._first: asyncio.Future[None] | None = None

    def watch(self, task: AnyTask, role: Role) -> None:
        """Let the end of ``task`` count. It costs one callback."""
        self._roles[task] = role
        if self._first is not None:
            self._attach(task, self._on_done)

    async def first_end(self) -> SupervisorExit:
        """Return when a task has ended whose end is the end of the session.

        Every exit is counted, a cancellation of this call as ``cancelled``. Raises RuntimeError
        while another call waits.
        """
        if self._first is not None:
            raise RuntimeError(f"{self._label}: the tasks are being supervised already")
        try:
            if not (found := self._ends()):
                first = self._attach_all()
                try:
                    await first
                finally:
                    self._detach_all()
                # Every task is looked at, not the one that woke us: the receive task may have
                # ended since (test_a_disconnect_in_the_same_moment_as_a_crash_is_a_disconnect).
                found = self._ends()
        except asyncio.CancelledError:
            self._metrics.exits[self._label, ExitReason.CANCELLED].inc()
            raise
        decider, *others = found
        self._metrics.exits[self._label, decider.reason].inc()
        self._log(decider, others)
        return SupervisorExit(decider.reason, decider.task_name, decider.exception, tuple(others))

    def _attach_all(self) -> asyncio.Future[None]:
        self._supervisor = asyncio.current_task()
        self._first = asyncio.get_running_loop().create_future()
        on_done = self._on_done  # one bound method for all of them
        for task in self._roles:
            self._attach(task, on_done)
        return self._first

    def _detach_all(self) -> None:
        self._first = None
        for task in self._roles:
            self._detach(task)

    def _attach(self, task: AnyTask, on_done: Callable[[AnyTask], None]) -> None:
        task.add_done_callback(on_done, context=self._context)
        if _add_awaited_by is not None:
            _add_awaited_by(task, self._supervisor)

    def _detach(self, task: AnyTask) -> None:
        task.remove_done_callback(self._on_done)
        if _discard_awaited_by is not None:
            _discard_awaited_by(task, self._supervisor)

    def _on_done(self, task: AnyTask) -> None:
        if self._first is None:
            return
        if _end(task, self._roles[task]) is None:
            self._detach(task)
            del self._roles[task]  # a long session may have any number of finite tasks
        elif not self._first.done():
            self._first.set_result(None)

    def _ends(self) -> list[TaskEnd]:
        done = [(task, role) for task, role in self._roles.items() if task.done()]
        ends = [end for task, role in done if (end := _end(task, role))]
        return sorted(ends, key=lambda end: _PRECEDENCE[end.reason])

    def _log(self, decider: TaskEnd, others: list[TaskEnd]) -> None:
        _log.info("%s: %s, by task %s", self._label, decider.reason, decider.task_name)
        for end in others:
            _log.info(
                "%s: in the same moment: %s, by task %s", self._label, end.reason, end.task_name
            )
        if decider.reason is ExitReason.CRASH:
            for task in self._roles:
                if task.done() and crash_of(task) is decider.exception:
                    log_crash(task, self._label)


def _end(task: AnyTask, role: Role) -> TaskEnd | None:
    """Return how a done task ended if that ends the session. Its exception is then retrieved."""
    error = crash_of(task)
    if error is not None:
        reason = ExitReason.DISCONNECT if is_peer_gone(error) else ExitReason.CRASH
    elif role is Role.FINITE:
        return None
    elif task.cancelled():
        reason = ExitReason.CANCELLED
    else:
        reason = ExitReason.DISCONNECT if role is Role.RECEIVE else ExitReason.LIFETIME_DONE
    return TaskEnd(task.get_name(), reason, error)
