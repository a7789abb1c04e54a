"""The tasks of a live collection: wait for their end, ask each once to cancel."""

import asyncio
from collections.abc import Iterable, Iterator
from contextvars import copy_context
from typing import Any, Self
from weakref import WeakSet

AnyTask = asyncio.Task[Any]
_asked: set[AnyTask] = set()
"""Whom an open roster has asked to cancel."""
_refusing: WeakSet[AnyTask] = WeakSet()
"""Who had not ended when the roster that asked was closed."""


class Roster:
    """Every task that was ever seen in the collection, except the one that made the roster.

    ``asked`` has those that had to be asked to end, by this roster or by another before.

    The collection is read again whenever all tasks known so far have ended, at each time limit, and
    before cancelling, so a task that is added meanwhile is not missed. An iterator is read once.
    Leaving it lets go of the tasks that are still pending.
    """

    __slots__ = (
        "_all_ended",
        "_cancelling",
        "_context",
        "_current",
        "_loop",
        "_source",
        "asked",
        "pending",
        "seen",
    )

    def __init__(self, tasks: Iterable[AnyTask]) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = list(tasks) if isinstance(tasks, Iterator) else tasks
        self._current = asyncio.current_task()
        self._context = copy_context()  # one for all callbacks, else each makes its own
        self.pending: set[AnyTask] = set()
        self._all_ended: asyncio.Future[bool] | None = None
        self._cancelling = False
        self.seen: dict[AnyTask, None] = {}
        self.asked: set[AnyTask] = set()
        self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for task in self.pending:
            task.remove_done_callback(self._on_done)
        _asked.difference_update(self.asked)
        _refusing.update(self.asked & self.pending)

    def cancel(self) -> None:
        """Ask every pending task to cancel, and from now on every new one, each once."""
        self._cancelling = True
        self._read()

    async def ended(self, until: float) -> None:
        """Return when all tasks have ended, or at ``until`` on the loop's clock.

        It gives the tasks one turn of the loop even when ``until`` has passed. Cancelling it
        cancels no task.
        """
        in_time = True
        while self.pending and in_time:
            self._all_ended = self._loop.create_future()
            timer = self._loop.call_at(until, _resolve, self._all_ended, False)
            try:
                in_time = await self._all_ended
            finally:
                timer.cancel()
                self._read()

    async def ended_uninterrupted(self, until: float) -> asyncio.CancelledError | None:
        """Do the same, whatever cancels the caller; return the first cancellation, to be raised."""
        interruption = None
        while True:
            try:
                await self.ended(until)
            except asyncio.CancelledError as error:
                interruption = interruption or error
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
            self._ask()

    def _ask(self) -> None:
        for task in self.pending - self.asked:
            if task.done():  # in this very turn: its callback is still to come
                continue
            self.asked.add(task)
            # A second request would hit the cleanup of a task that obeys the first
            # (test_a_task_that_is_being_cancelled_is_not_cancelled_again). It cannot be told from
            # `cancelling()`, which a time limit of the task's own raises as well
            # (test_a_time_limit_of_its_own_does_not_hide_a_task_from_a_drain).
            if task not in _asked and task not in _refusing:
                _asked.add(task)
                task.cancel()

    def _on_done(self, task: AnyTask) -> None:
        self.pending.discard(task)
        if not self.pending and self._all_ended is not None:
            _resolve(self._all_ended, True)


def _resolve(future: asyncio.Future[bool], in_time: bool) -> None:
    if not future.done():
        future.set_result(in_time)
