"""Create, reference, log and cancel tasks: what the other modules build on.

- :func:`create_named_task` starts a task that stays referenced and logs its crash.
- :func:`keep_until_done` holds the strong reference that the event loop does not hold.
- :func:`log_crash` logs one record per crashed task, however many callers find it.
- :class:`Roster` waits for the tasks of a live collection and cancels each of them once.
"""

import asyncio
import logging
import sys
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from functools import partial
from reprlib import Repr
from typing import Any, Self, TypeAlias, TypeVar
from weakref import WeakSet

from async_tasks.disconnects import is_disconnect

T = TypeVar("T")
AnyTask: TypeAlias = asyncio.Task[Any]

_log = logging.getLogger("async_tasks")
_kept: dict[asyncio.AbstractEventLoop, set[AnyTask]] = {}
"""Pending tasks by loop."""
_logged: WeakSet[AnyTask] = WeakSet()
"""Tasks whose crash is in the log."""
_cancelled: set[AnyTask] = set()
"""Tasks that an open roster has cancelled."""
_refusing: WeakSet[AnyTask] = WeakSet()
"""Tasks that were still pending when the roster that had cancelled them was closed."""


def create_named_task(
    coro: Coroutine[Any, Any, T],
    *,
    name: str,
    task_set: set[asyncio.Task[T]] | None = None,
) -> asyncio.Task[T]:
    """Start ``coro`` as a task and keep the task referenced until it is done.

    A crash is logged once, with its traceback, and counts as retrieved. A cancellation is not
    logged. Cancelling the caller does not cancel the task.

    Args:
        coro: The coroutine to run.
        name: The name of the task.
        task_set: A live set of tasks: the task is added now and discarded when it is done. By
            default a set of this module's own.
    """
    task = asyncio.create_task(coro, name=name)
    tasks = kept_by(task.get_loop()) if task_set is None else task_set
    tasks.add(task)
    task.add_done_callback(partial(_on_done, tasks))
    return task


def _on_done(tasks: set[asyncio.Task[T]], task: asyncio.Task[T]) -> None:
    tasks.discard(task)
    if crash_of(task) is not None:
        log_crash(task, "background")


def keep_until_done(task: AnyTask) -> None:
    """Keep ``task`` referenced until it is done.

    The reference is also dropped when the loop of the task is closed and this is called on another.
    """
    tasks = kept_by(task.get_loop())
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def kept_by(loop: asyncio.AbstractEventLoop) -> set[AnyTask]:
    """Return the set that keeps tasks of ``loop`` alive.

    A caller that adds a task to the set has to discard it when it is done.
    """
    # The loop refers to its tasks weakly. A task that awaits a future to which nothing else refers
    # is a cycle of garbage: it disappears in the middle of an `await`, and its `finally` never runs
    # (test_a_pending_task_without_other_references_is_not_garbage_collected).
    tasks = _kept.get(loop)
    if tasks is None:
        # A pending task of a closed loop is never done. In a process that runs one loop after the
        # other, as a test run does, it would otherwise stay until the process ends.
        for other in list(_kept):
            if other.is_closed():
                _kept.pop(other, None)
        tasks = _kept.setdefault(loop, set())
    return tasks


def crash_of(task: AnyTask) -> BaseException | None:
    """Return the exception of a done task, and mark it as retrieved.

    None when the task returned a value or was cancelled.
    """
    return None if task.cancelled() else task.exception()


def log_crash(task: AnyTask, context: str) -> None:
    """Log the exception of a done task with its traceback, unless it is in the log already.

    A task that a supervision watches and a drain waits for is found by both, and by its own done
    callback: the first one logs. A disconnect is logged at level INFO and without a traceback.

    Args:
        task: A task that is done. Nothing is logged when it returned or was cancelled.
        context: What the record starts with, such as the label of the caller.
    """
    error = crash_of(task)
    if error is None or task in _logged:
        return
    _logged.add(task)
    if is_disconnect(error):
        _log.info("%s: task %s: peer gone: %s", context, task.get_name(), repr_of(error))
    else:
        _log.error("%s: task %s crashed", context, task.get_name(), exc_info=error)


def repr_of(error: BaseException) -> str:
    """Return ``repr(error)``, at most 500 characters.

    Never raises: where ``repr`` does, as on a group that is nested very deep, the name of the class
    and the address are returned.
    """
    shortened = Repr()
    shortened.maxother = 500
    return shortened.repr(error)


def shielded() -> AbstractContextManager[object]:
    """Return a context in which no cancel scope of anyio cancels the current task.

    anyio cancels a task on every turn of the loop for as long as it is in a cancelled scope. A wait
    with a bound would be interrupted all the time, and the loop would never idle. The scope cancels
    the task again when the context is left, so no cancellation is lost. Other cancellations pass.
    """
    # Who has not imported anyio is in no scope of it.
    anyio = sys.modules.get("anyio")
    return nullcontext() if anyio is None else anyio.CancelScope(shield=True)


class Roster:
    """The tasks of a live collection, each cancelled at most once.

    The roster holds every task that was in the collection at some read, except the task that made
    the roster. It reads the collection again when all tasks it knows have ended, at each time
    limit, and before cancelling. So a task that is spawned by a task that is being drained is
    not missed. An iterator is read once. Leaving the context removes the callbacks of the tasks
    that are still pending.

    Attributes:
        seen: Every task that was read, in the order of reading.
        pending: The tasks that have not ended.
        cancelled: The tasks that were pending when they had to be cancelled, by this roster or
            by one before.
    """

    __slots__ = (
        "_all_ended",
        "_cancelling",
        "_context",
        "_current",
        "_loop",
        "_source",
        "cancelled",
        "pending",
        "seen",
    )

    def __init__(self, tasks: Iterable[AnyTask]) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = list(tasks) if isinstance(tasks, Iterator) else tasks
        # A handler drains the set of its session's tasks and may be in that set itself. Waiting for
        # itself would take the whole timeout (test_a_drain_never_waits_for_its_own_caller).
        self._current = asyncio.current_task()
        self._context = copy_context()  # one for all callbacks, else each makes its own
        self.pending: set[AnyTask] = set()
        self._all_ended: asyncio.Future[bool] | None = None
        self._cancelling = False
        self.seen: dict[AnyTask, None] = {}
        self.cancelled: set[AnyTask] = set()
        self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for task in self.pending:
            task.remove_done_callback(self._on_done)
        _cancelled.difference_update(self.cancelled)
        _refusing.update(self.cancelled & self.pending)

    def cancel(self) -> None:
        """Cancel every pending task, and every task that is read from now on, each once."""
        self._cancelling = True
        self._read()

    async def ended(self, until: float) -> None:
        """Return when all tasks have ended, or at ``until`` in seconds of the loop's clock.

        The tasks get one turn of the loop even when ``until`` has passed. Cancelling the call
        raises at once and cancels no task.
        """
        in_time = True
        while self.pending and in_time:
            # One future for all tasks, and a callback on each that counts down. `asyncio.wait` adds
            # and removes a callback per task on every call.
            self._all_ended = self._loop.create_future()
            timer = self._loop.call_at(until, _resolve, self._all_ended, False)
            try:
                in_time = await self._all_ended
            finally:
                timer.cancel()
                # Also when cancelled: a task may have been spawned in this very turn
                # (test_a_task_that_is_spawned_in_the_moment_of_an_outside_cancellation_is_drained).
                self._read()

    async def ended_uninterrupted(self, until: float) -> asyncio.CancelledError | None:
        """Wait as :meth:`ended` does, also when the caller is cancelled.

        Returns the first cancellation, which the caller has to raise; None when there was none.
        """
        # A deploy cancels the handlers, and cancels them again some seconds later. If the second
        # cancellation ended the wait, tasks that are flushing would be abandoned. `until` is an
        # absolute time, so a cancellation does not move the bound
        # (test_a_drain_cancelled_repeatedly_ends_within_its_bound).
        interruption = None
        with shielded():
            while True:
                try:
                    await self.ended(until)
                except asyncio.CancelledError as error:
                    interruption = interruption or error
                    # A caller that is cancelled on every turn never sees the timer
                    # (test_a_drain_cancelled_on_every_turn_ends_within_its_bound).
                    if self._loop.time() >= until:
                        return interruption
                else:
                    return interruption

    def _read(self) -> None:
        on_done = self._on_done  # one bound method for all of them
        for task in list(self._source):
            if task not in self.seen and task is not self._current:
                self.seen[task] = None
                if not task.done():
                    self.pending.add(task)
                    task.add_done_callback(on_done, context=self._context)
        if self._cancelling:
            self._cancel_pending()

    def _cancel_pending(self) -> None:
        for task in self.pending - self.cancelled:
            if task.done():  # in this very turn: its callback is still to come
                continue
            self.cancelled.add(task)
            # A second request would hit the cleanup of a task that obeys the first
            # (test_a_task_that_is_being_cancelled_is_not_cancelled_again). It cannot be told from
            # `cancelling()`, which a time limit of the task's own raises as well
            # (test_a_time_limit_of_its_own_does_not_hide_a_task_from_a_drain).
            if task not in _cancelled and task not in _refusing:
                _cancelled.add(task)
                task.cancel()

    def _on_done(self, task: AnyTask) -> None:
        self.pending.discard(task)
        if not self.pending and self._all_ended is not None:
            _resolve(self._all_ended, True)


def _resolve(future: asyncio.Future[bool], in_time: bool) -> None:
    if not future.done():
        future.set_result(in_time)
