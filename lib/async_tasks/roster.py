"""The tasks of a live collection: wait for their end, ask each once to cancel."""

import asyncio
from collections.abc import Iterable, Iterator
from contextvars import copy_context
from typing import Any, Final

AnyTask = asyncio.Task[Any]
_SHORTEST_PAUSE: Final = 0.001
"""Seconds after the next turn; each further look at a task in doubt is twice as far away."""


class Roster:
    """Every task that was ever seen in the collection, except the one that made the roster.

    ``asked`` has those that had to be asked to end, and whether it was the roster that asked.

    The collection is read again whenever all tasks known so far have ended, at each time limit, and
    before cancelling, so a task that is added meanwhile is not missed. An iterator is read once.
    """

    __slots__ = (
        "_all_ended",
        "_cancelling",
        "_context",
        "_current",
        "_loop",
        "_pause",
        "_second_look",
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
        self.asked: dict[AnyTask, bool] = {}
        self._second_look: asyncio.TimerHandle | None = None
        self._pause = 0.0
        self._read()

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

    def close(self) -> None:
        """Let go of the tasks that are still pending."""
        self._forget_second_look()
        for task in self.pending:
            task.remove_done_callback(self._on_done)

    def _read(self) -> None:
        for task in list(self._source):
            if task not in self.seen and task is not self._current:
                self.seen[task] = None
                if not task.done():
                    self.pending.add(task)
                    task.add_done_callback(self._on_done, context=self._context)
        if self._cancelling:
            self._ask()

    def _ask(self) -> None:
        in_doubt = False
        for task in self.pending:
            if task.done() or self.asked.get(task):  # if done in this turn, it is still pending
                continue
            # A second request would hit the cleanup of a task that obeys the first
            # (test_a_task_that_is_being_cancelled_is_not_cancelled_again). But the first may be a
            # time limit of its own, after which it goes on (test_a_drain_keeps_its_promises).
            being_cancelled = bool(task.cancelling())
            if not being_cancelled:
                task.cancel()
            self.asked[task] = not being_cancelled
            in_doubt |= being_cancelled
        self._forget_second_look()
        if in_doubt:
            self._second_look = self._loop.call_later(self._pause, self._ask)
            self._pause = max(2 * self._pause, _SHORTEST_PAUSE)

    def _forget_second_look(self) -> None:
        if self._second_look is not None:
            self._second_look.cancel()

    def _on_done(self, task: AnyTask) -> None:
        self.pending.discard(task)
        if not self.pending and self._all_ended is not None:
            _resolve(self._all_ended, True)


def _resolve(future: asyncio.Future[bool], in_time: bool) -> None:
    if not future.done():
        future.set_result(in_time)
