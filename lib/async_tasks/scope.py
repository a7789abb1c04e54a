"""Own the tasks of a session: start, supervise and end them in order."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from enum import Enum
from itertools import chain
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from async_tasks.disconnects import is_disconnect
from async_tasks.drain import drain_tasks
from async_tasks.metrics import METRICS, Metrics
from async_tasks.supervise import Role, Supervision, SupervisorExit
from async_tasks.tasks import AnyTask, create_named_task, repr_of, shielded
from async_tasks.timeouts import finite_seconds

T = TypeVar("T")
_log = logging.getLogger("async_tasks")


class Gauge(Protocol):
    """A count of sessions, such as a gauge of ``prometheus_client``."""

    def inc(self) -> None:
        """Count one more."""

    def dec(self) -> None:
        """Count one less."""


class Phase(Enum):
    """When a task is ended at the end of its session, in this order."""

    PRODUCERS = "producers"
    """Cancelled at once: whatever they still produce has to be consumed."""
    CONSUMERS = "consumers"
    """Finish their work after the shutdown event, until the deadline; then they are cancelled."""
    TRANSPORTS = "transports"
    """Cancelled after the consumers, which may need them to deliver."""


class SessionScope:
    """Own the tasks of one session: ``async with SessionScope("ws:ada", label="pusher", ...)``.

    The gauge goes up on entry. It goes down as the last step of the exit, once, whatever happens.
    Tasks are named ``{name}:{task}``, stay referenced until done, and their crashes are logged.

    On exit, under one deadline: the producers are cancelled; ``shutdown`` is set and the consumers
    have until ``timeout`` seconds after the exit began; the transports are cancelled; what was
    passed to :meth:`close_last` is closed. A task that does not end by itself is cancelled once and
    has ``cancel_timeout`` seconds to end. So the exit takes ``timeout + cancel_timeout`` at most.

    A cancellation, before the exit or during it, ends the grace, and so does SystemExit or
    KeyboardInterrupt from the block: the tasks of all phases are cancelled together, each once. The
    cancellation is raised after ``cancel_timeout`` seconds at most, or twice that when it came
    while tasks were being cancelled.

    Args:
        name: What the names of the tasks start with; it may have an id.
        label: A static label: :meth:`supervise` is counted under it, and the drains under it with
            ``_bg`` and ``_cleanup``.
        gauge: The count of sessions.
        shutdown: The event that is set for the consumers; by default a new one.
        timeout: Seconds of the loop's clock that the consumers have to finish.
        cancel_timeout: Seconds of the loop's clock that cancelled tasks have to end.
        metrics: Where exits and drains are counted.

    Attributes:
        shutdown: Set when the consumers have to finish.

    Raises:
        ValueError: A timeout is not finite.
    """

    def __init__(
        self,
        name: str,
        *,
        label: str,
        gauge: Gauge,
        shutdown: asyncio.Event | None = None,
        timeout: float = 30.0,
        cancel_timeout: float = 5.0,
        metrics: Metrics = METRICS,
    ) -> None:
        self.shutdown = asyncio.Event() if shutdown is None else shutdown
        self._name = name
        self._label = label
        self._gauge = gauge
        self._timeout = finite_seconds("timeout", timeout)
        self._cancel_timeout = finite_seconds("cancel_timeout", cancel_timeout)
        self._metrics = metrics
        self._supervision = Supervision(label, metrics)
        self._tasks: dict[Phase, set[AnyTask]] = {phase: set() for phase in Phase}
        self._members = {phase: _Live([tasks]) for phase, tasks in self._tasks.items()}
        self._closers: list[Callable[[], Awaitable[object]]] = []
        self._receives = False
        self._state = "new"

    def __repr__(self) -> str:
        tasks = sum(1 for _ in chain.from_iterable(self._members.values()))
        return f"<SessionScope {self._name} {self._state}, {tasks} tasks>"

    def receive(self, coro: Coroutine[Any, Any, T], *, name: str = "receive") -> asyncio.Task[T]:
        """Start the task that reads from the peer, a producer. Its return means a disconnect.

        Args:
            coro: The coroutine to run.
            name: The name of the task within the session.

        Raises:
            RuntimeError: The scope has a receive task, or is not open. ``coro`` is closed.
        """
        if self._receives:
            coro.close()
            raise RuntimeError(f"{self!r} has a receive task already")
        self._receives = True
        return self._start(coro, name, Role.RECEIVE, Phase.PRODUCERS)

    def lifetime(
        self, coro: Coroutine[Any, Any, T], *, name: str, phase: Phase = Phase.CONSUMERS
    ) -> asyncio.Task[T]:
        """Start a task that the session needs: its end ends the session.

        Args:
            coro: The coroutine to run.
            name: The name of the task within the session.
            phase: When the task is ended on exit.

        Raises:
            RuntimeError: The scope is not open. ``coro`` is closed.
        """
        return self._start(coro, name, Role.LIFETIME, phase)

    def finite(
        self, coro: Coroutine[Any, Any, T], *, name: str, phase: Phase = Phase.CONSUMERS
    ) -> asyncio.Task[T]:
        """Start a task that is meant to end. Only its crash ends the session.

        Args:
            coro: The coroutine to run.
            name: The name of the task within the session.
            phase: When the task is ended on exit.

        Raises:
            RuntimeError: The scope is not open. ``coro`` is closed.
        """
        return self._start(coro, name, Role.FINITE, phase)

    def adopt(self, tasks: Iterable[AnyTask], *, phase: Phase = Phase.CONSUMERS) -> None:
        """End these tasks on exit as well, without supervising them.

        Args:
            tasks: A live collection; it is read when its phase begins, and until that has ended.
            phase: When the tasks are ended.
        """
        self._members[phase].collections.append(tasks)

    def close_last(self, close: Callable[[], Awaitable[object]]) -> None:
        """Await ``close()`` on exit, after all tasks have ended.

        Several closers are awaited together, under the deadline of the exit. A failure is logged,
        unless it means that the connection is closed already, as at every ordinary goodbye.
        """
        self._closers.append(close)

    async def supervise(self) -> SupervisorExit:
        """Return why the session has to end, as soon as it has to; see ``supervise_tasks``.

        Tasks that are started while it waits are supervised as well. Cancelling the call cancels no
        task.

        Raises:
            RuntimeError: There is no receive task, or another call is waiting.
        """
        if not self._receives:
            raise RuntimeError(f"{self!r} has no receive task to supervise")
        return await self._supervision.first_end()

    async def __aenter__(self) -> Self:
        if self._state != "new":
            raise RuntimeError(f"{self!r} cannot be entered again")
        self._gauge.inc()
        self._state = "open"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        at_once = error is not None and not isinstance(error, Exception)
        self._state = "draining"
        try:
            interruption = await self._end(at_once=at_once)
        finally:
            self._state = "ended"
            self._gauge.dec()
        if interruption is not None and not at_once:
            raise interruption

    def _start(
        self, coro: Coroutine[Any, Any, T], name: str, role: Role, phase: Phase
    ) -> asyncio.Task[T]:
        if self._state not in ("open", "draining"):
            coro.close()
            raise RuntimeError(f"{name} cannot be started: {self!r}")
        task = create_named_task(coro, name=f"{self._name}:{name}", task_set=self._tasks[phase])
        self._supervision.watch(task, role)
        return task

    async def _end(self, *, at_once: bool) -> asyncio.CancelledError | None:
        """End all tasks, phase by phase; return the first cancellation that came meanwhile."""
        now = asyncio.get_running_loop().time
        ack = self._cancel_timeout
        deadline = now() if at_once else now() + self._timeout
        end = deadline + ack
        cut_short = None
        if not at_once:
            # The producers end before the shutdown is announced. A receive task that is cancelled
            # may queue one more message; a consumer that has made its last poll would lose it
            # (test_what_the_receive_task_hands_on_while_it_is_cancelled_is_consumed).
            cut_short = await self._drain("cleanup", self._members[Phase.PRODUCERS], timeout=ack)
            if cut_short is None:
                self.shutdown.set()
                consumers = self._members[Phase.CONSUMERS]
                left = deadline - now()
                cut_short = await self._drain(
                    "bg", consumers, timeout=left, cancel=False, cancel_timeout=ack
                )
        if cut_short is not None:
            end = min(end, now() + ack)
        # All phases again, in one drain: the transports, the tasks that were left out when the
        # grace was cut short, and tasks that were started meanwhile. A task that has been cancelled
        # above is only waited for.
        self.shutdown.set()
        all_tasks = _Live(self._members.values())
        again = await self._drain("cleanup", all_tasks, timeout=min(ack, end - now()))
        closing = [
            create_named_task(self._close(one), name=f"{self._name}:close") for one in self._closers
        ]
        with shielded():  # else a cancelled scope of anyio would cancel the goodbye at once
            late = await self._drain(
                "cleanup", closing, timeout=min(ack, end - now()), cancel=False, cancel_timeout=0.0
            )
        return cut_short or again or late

    async def _close(self, close: Callable[[], Awaitable[object]]) -> None:
        try:
            await close()
        except Exception as error:
            if not is_disconnect(error):
                raise
            _log.debug("%s: closed already: %s", self._name, repr_of(error))

    async def _drain(
        self, part: str, tasks: Iterable[AnyTask], **bounds: Any
    ) -> asyncio.CancelledError | None:
        """Drain ``tasks``; return a cancellation instead of raising it.

        The next phase has to come all the same: a second cancellation that passed here would leave
        the transports open and the gauge up, which was the incident.
        """
        label = f"{self._label}_{part}"
        try:
            await drain_tasks(tasks, label=label, metrics=self._metrics, **bounds)
        except asyncio.CancelledError as error:
            return error
        return None


class _Live(Iterable[AnyTask]):
    """Several live collections as one. Each iteration reads them as they are then."""

    def __init__(self, collections: Iterable[Iterable[AnyTask]]) -> None:
        self.collections = list(collections)

    def __iter__(self) -> Iterator[AnyTask]:
        return chain.from_iterable(map(tuple, self.collections))
