"""Wait until a session has to end, and report why."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Set
from contextvars import copy_context
from dataclasses import dataclass
from enum import Enum, StrEnum

from async_tasks.disconnects import is_disconnect
from async_tasks.metrics import METRICS, Metrics
from async_tasks.tasks import AnyTask, crash_of, log_crash

_log = logging.getLogger("async_tasks")
# From Python 3.14 on, `python -m asyncio pstree` draws a task below the one that awaits it.
_add_awaited_by = getattr(asyncio, "future_add_to_awaited_by", None)
_discard_awaited_by = getattr(asyncio, "future_discard_from_awaited_by", None)


class ExitReason(StrEnum):
    """Why a supervision ended, in the order of precedence."""

    DISCONNECT = "disconnect"
    CRASH = "crash"
    CANCELLED = "cancelled"
    LIFETIME_DONE = "lifetime_done"


_PRECEDENCE = {reason: rank for rank, reason in enumerate(ExitReason)}


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How one task ended: the reason it gives the session to end, and its exception if any."""

    task_name: str
    reason: ExitReason
    exception: BaseException | None = None


@dataclass(frozen=True, slots=True)
class SupervisorExit:
    """The end of a task that decided.

    Attributes:
        reason: Why the session has to end.
        task_name: The task that decided.
        exception: Set for a crash, and for a disconnect that a task reported by raising.
        others: The other ends that were found at the same time, by precedence.
    """

    reason: ExitReason
    task_name: str | None = None
    exception: BaseException | None = None
    others: tuple[TaskEnd, ...] = ()


class Role(Enum):
    """What the end of a task means for its session."""

    RECEIVE = "receive"
    """The peer has disconnected, unless the task crashed or was cancelled."""
    LIFETIME = "lifetime"
    """The session is over: it needs this task."""
    FINITE = "finite"
    """Nothing, unless the task crashed: it is meant to end."""


async def supervise_tasks(
    *,
    receive_task: AnyTask,
    bg_tasks: Iterable[AnyTask],
    finite_tasks: Collection[AnyTask] | None = None,
    label: str,
    metrics: Metrics = METRICS,
) -> SupervisorExit:
    """Return as soon as a task has ended whose end is the end of the session.

    The reasons, by precedence when several tasks are found ended: ``disconnect`` (the receive task
    returned, or any task raised a disconnect), ``crash`` (any task raised), ``cancelled`` (the
    receive task or a lifetime task was cancelled), ``lifetime_done`` (a background task returned
    that is not in ``finite_tasks``). A finite task that returns or is cancelled ends nothing.

    There is no time limit. No task is cancelled, neither on return nor when the supervision is
    cancelled. Every exit is counted, a cancellation of the supervision as ``cancelled``; the
    deciding crash is logged with its traceback. The cost is one callback per task.

    Args:
        receive_task: The task that reads from the peer. It may also be in ``bg_tasks``.
        bg_tasks: The other tasks of the session; read once.
        finite_tasks: Those of ``bg_tasks`` that may end before the session does.
        label: A static label for the metrics and the log.
        metrics: Where the exit is counted.

    Raises:
        ValueError: A task of ``finite_tasks`` is not supervised.
    """
    supervision = Supervision(label, metrics)
    _watch(supervision, receive_task, bg_tasks, frozenset(finite_tasks or ()))
    return await supervision.first_end()


def _watch(
    supervision: "Supervision", receive: AnyTask, bg_tasks: Iterable[AnyTask], finite: Set[AnyTask]
) -> None:
    background = dict.fromkeys(bg_tasks)
    background.pop(receive, None)
    if stray := finite - background.keys() - {receive}:
        names = sorted(task.get_name() for task in stray)
        raise ValueError(f"finite_tasks must be among bg_tasks, but these are not: {names}")
    supervision.watch(receive, Role.RECEIVE)
    for task in background:
        supervision.watch(task, Role.FINITE if task in finite else Role.LIFETIME)


class Supervision:
    """The supervised tasks of one session. Tasks may be added while it waits. It cancels none.

    Args:
        label: A static label for the metrics and the log.
        metrics: Where the exit is counted.
    """

    __slots__ = ("_context", "_first", "_label", "_metrics", "_roles", "_supervisor")

    def __init__(self, label: str, metrics: Metrics) -> None:
        self._label = label
        self._metrics = metrics
        self._roles: dict[AnyTask, Role] = {}
        self._context = copy_context()  # one for all callbacks, else each makes its own
        self._supervisor: AnyTask | None = None
        self._first: asyncio.Future[None] | None = None

    def watch(self, task: AnyTask, role: Role) -> None:
        """Supervise ``task``: its end counts according to ``role``. The cost is one callback."""
        self._roles[task] = role
        if self._first is not None:
            self._attach(task, self._on_done)

    async def first_end(self) -> SupervisorExit:
        """Return as soon as a task has ended whose end is the end of the session.

        Every exit is counted, a cancellation of this call as ``cancelled``. Cancelling the call
        removes its callbacks and cancels no task.

        Raises:
            RuntimeError: Another call is waiting.
        """
        if self._first is not None:
            raise RuntimeError(f"{self._label}: the tasks are being supervised already")
        try:
            if not (found := self._ends()):
                # Not `asyncio.wait(FIRST_COMPLETED)` in a loop: with N tasks of which K are finite,
                # it adds and removes N callbacks for each of the K ends.
                first = self._attach_all()
                try:
                    await first
                finally:
                    self._detach_all()
                # Every task is checked, not only the one whose callback resolved `first`. When a
                # client leaves, a loop that writes to the socket may fail one turn before the
                # receive task returns: a crash by itself, a disconnect in the light of both
                # (test_a_disconnect_in_the_same_moment_as_a_crash_is_a_disconnect).
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
        # In the order of the tasks, by precedence: the order of a set of tasks is that of their
        # hashes, and the reason would differ from run to run.
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
    """Return how a done task ended, or None if that does not end the session.

    The exception is marked as retrieved: also that of a task that does not decide, which asyncio
    would otherwise report as never retrieved (test_of_three_crashes_in_one_round_none_is_lost).
    """
    error = crash_of(task)
    if error is not None:
        reason = ExitReason.DISCONNECT if is_disconnect(error) else ExitReason.CRASH
    elif role is Role.FINITE:
        return None
    elif task.cancelled():
        reason = ExitReason.CANCELLED
    else:
        reason = ExitReason.DISCONNECT if role is Role.RECEIVE else ExitReason.LIFETIME_DONE
    return TaskEnd(task.get_name(), reason, error)
