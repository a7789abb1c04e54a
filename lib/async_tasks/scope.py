"""The owner of a session's tasks, from the first to the last."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from enum import Enum
from itertools import chain
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from async_tasks.arguments import finite_seconds
from async_tasks.create import create_named_task
from async_tasks.drain import drain_tasks
from async_tasks.metrics import METRICS, Metrics
from async_tasks.supervision import AnyTask, Role, Supervision
from async_tasks.supervisor_exit import SupervisorExit

T = TypeVar("T")


class Gauge(Protocol):
    """What counts sessions; a gauge of ``prometheus_client`` is one."""

    def inc(self) -> None:
        """Count one more."""

    def dec(self) -> None:
        """Count one less."""


class Phase(Enum):
    """When a task is ended at the end of its session, the first phase first."""

    PRODUCERS = "producers"
    """Cancelled at once, for what they bring would have to be consumed."""
    CONSUMERS = "consumers"
    """Told of the shutdown, given until the deadline to finish their work, then cancelled."""
    TRANSPORTS = "transports"
    """Cancelled when nobody is left who might need them to deliver."""


class SessionScope:
    """Owns the tasks of one session: ``async with SessionScope("ws:ada", label="pusher", ...)``.

    The gauge goes up on entry, and down as the very last step of the exit, once, whatever happens.
    Tasks are named ``{name}:{task}``, referenced until done, their crashes logged. ``label`` is
    static: it counts the exit of :meth:`supervise`, and with ``_bg`` and ``_cleanup`` the drains.

    On exit, under one deadline: the producers are cancelled; ``shutdown`` is set and the consumers
    have until ``timeout`` seconds after the exit began; the transports are cancelled; what
    :meth:`close_last` was given is closed. Whoever does not end by himself is cancelled once and
    has ``cancel_timeout`` seconds to obey, so the exit takes ``timeout + cancel_timeout`` at most.

    A cancellation, before the exit or during it, ends the grace, and so does an interrupt of the
    block: all phases are cancelled together, each task once. It is raised after ``cancel_timeout``
    at most, twice that when it came while others were being cancelled.

    Raises ValueError for a timeout that is not finite.
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
        """Start the one task whose end is the peer's; a producer."""
        if self._receives:
            coro.close()
            raise RuntimeError(f"{self!r} has a receive task already")
        self._receives = True
        return self._start(coro, name, Role.RECEIVE, Phase.PRODUCERS)

    def lifetime(
        self, coro: Coroutine[Any, Any, T], *, name: str, phase: Phase = Phase.CONSUMERS
    ) -> asyncio.Task[T]:
        """Start a task without which the session cannot go on: its end ends the session."""
        return self._start(coro, name, Role.LIFETIME, phase)

    def finite(
        self, coro: Coroutine[Any, Any, T], *, name: str, phase: Phase = Phase.CONSUMERS
    ) -> asyncio.Task[T]:
        """Start a task that is meant to end. Only its crash ends the session."""
        return self._start(coro, name, Role.FINITE, phase)

    def adopt(self, tasks: Iterable[AnyTask], *, phase: Phase = Phase.CONSUMERS) -> None:
        """End these tasks too, in that phase: a live collection, read when the phase has come.

        They are not supervised.
        """
        self._members[phase].collections.append(tasks)

    def close_last(self, close: Callable[[], Awaitable[object]]) -> None:
        """Call and await this once no task is left; the calls made last come together."""
        self._closers.append(close)

    async def supervise(self) -> SupervisorExit:
        """Return when the session has to end, and say why, as ``supervise_tasks`` does.

        Tasks that are started meanwhile are supervised as well. Raises RuntimeError without a
        receive task, and while it is being awaited already.
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
        """Go through the phases; return the first cancellation that came meanwhile."""
        now = asyncio.get_running_loop().time
        ack = self._cancel_timeout
        deadline = now() if at_once else now() + self._timeout
        end = deadline + ack
        cut_short = None
        if not at_once:
            # They end before the shutdown is announced, else the last thing they bring comes too
            # late (test_what_the_receive_task_hands_on_while_it_is_cancelled_is_consumed).
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
        self.shutdown.set()
        everybody = _Live(self._members.values())
        again = await self._drain("cleanup", everybody, timeout=min(ack, end - now()))
        closing = [
            create_named_task(_call(one), name=f"{self._name}:close") for one in self._closers
        ]
        late = await self._drain(
            "cleanup", closing, timeout=min(ack, end - now()), cancel=False, cancel_timeout=0.0
        )
        return cut_short or again or late

    async def _drain(
        self, part: str, tasks: Iterable[AnyTask], **bounds: Any
    ) -> asyncio.CancelledError | None:
        """Drain without letting a cancellation through, so that the next phase comes; return it."""
        label = f"{self._label}_{part}"
        try:
            await drain_tasks(tasks, label=label, metrics=self._metrics, **bounds)
        except asyncio.CancelledError as error:
            return error
        return None


async def _call(close: Callable[[], Awaitable[object]]) -> None:
    await close()


class _Live(Iterable[AnyTask]):
    """Collections seen as one, as they are at the moment of looking."""

    def __init__(self, collections: Iterable[Iterable[AnyTask]]) -> None:
        self.collections = list(collections)

    def __iter__(self) -> Iterator[AnyTask]:
        return chain.from_iterable(map(tuple, self.collections))
