"""The sessions of one service, as they are seen from outside."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from websockets.asyncio.server import ServerConnection

from ghosts.observation.kernel import is_established
from ghosts.observation.ownership import owned_by, tasks_by_owner
from ghosts.settings import GHOST_AFTER

KERNEL_EVERY: Final = 5.0
"""Simulated seconds between two checks of which connections the operating system still has.

It is the tracker's own clock: what it finds does not depend on how often somebody samples.
"""
COLLECT_EVERY: Final = 900.0
"""Simulated seconds between two garbage collections, after which sessions that have ended and are
still in memory count as leaked, unless tasks of them are left."""


class Session(Protocol):
    """What a session of any service lets be seen."""

    uid: str

    @property
    def connection(self) -> ServerConnection:
        """Its WebSocket connection."""

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, or about to be."""


S = TypeVar("S", bound=Session)
Note: TypeAlias = Callable[[str, str, str], None]
"""Takes the kind of an event, to whom it happened, and a detail."""


class State(StrEnum):
    """How a session stands, seen from outside."""

    CONNECTED = "connected"
    """The operating system has its connection."""
    DRAINING = "draining"
    """Its connection is gone, and that for no more than 150 s."""
    GHOST = "ghost"
    """Its connection has been gone for more than 150 s."""
    ORPHANED = "orphaned"
    """It has ended, and tasks of it are left."""


@dataclass(slots=True, eq=False)
class Tracked(Generic[S]):
    """What is known of one session. It keeps its handler, and never the session, in memory."""

    uid: str
    session: weakref.ref[S]
    handler: asyncio.Task[Any] | None
    """The task that runs its lifecycle; None once that has ended."""
    disconnected_at: float | None = None
    """When the operating system was first seen to have no connection of it any more."""
    survived: bool = False
    """Whether it was still in memory after a garbage collection that found no task of it left."""

    def is_ghost(self, now: float) -> bool:
        """Return whether it runs, and its connection has been gone for more than 150 s."""
        gone = self.disconnected_at
        return self.handler is not None and gone is not None and now - gone > GHOST_AFTER


class Tracker(Generic[S]):
    """Knows every session of one service: when its connection went, and which tasks are its.

    It learns of a session from the lifecycle that it wraps (:meth:`tracking`), and of a lost
    connection from :meth:`run`, on a clock of its own. Every other method only looks: it gives the
    same answer however often, and in whatever order, it is asked. ``events`` is what the kinds of
    its events begin with.
    """

    def __init__(self, note: Note, events: str = "session") -> None:
        self._note = note
        self._events = events
        self._open: dict[Tracked[S], S] = {}
        self._ended: list[Tracked[S]] = []
        self._held: dict[Tracked[S], S] = {}
        """Sessions that have ended, as long as tasks of them are left: these may need no more than
        parts of it. Others are let go of at the next check."""
        self._loop = asyncio.get_running_loop()

    def tracking(self, lifecycle: Callable[[S], Awaitable[None]]) -> Callable[[S], Awaitable[None]]:
        """Return the same lifecycle, whose sessions are known here from then on."""

        async def tracked(session: S) -> None:
            handler = asyncio.current_task()
            one = Tracked(session.uid, weakref.ref(session), handler)
            self._open[one] = session
            self._note(f"{self._events}_opened", one.uid, "")
            try:
                with owned_by(one):
                    await lifecycle(session)
            except Exception as error:
                self._note(f"{self._events}_crashed", one.uid, repr(error))
                raise
            finally:
                self._check(one, session)
                self._note(f"{self._events}_closed", one.uid, "")
                one.handler = None
                self._held[one] = self._open.pop(one)
                self._ended.append(one)

        return tracked

    def check_connections(self) -> None:
        """Record which open sessions have lost their connection since the last check."""
        for one, session in self._open.items():
            self._check(one, session)
        self._let_go()

    def _let_go(self) -> None:
        if self._held:
            tasks = self.tasks()
            self._held = {one: session for one, session in self._held.items() if one in tasks}

    def _check(self, one: Tracked[S], session: S) -> None:
        if one.disconnected_at is None and not is_established(session.connection):
            one.disconnected_at = self._loop.time()
            self._note(f"{self._events}_disconnected", one.uid, "")

    def collect(self) -> None:
        """Collect garbage if a session that has ended is in memory; note which ones stay there."""
        self._let_go()
        if any(one.session() is not None for one in self._ended):
            gc.collect()
        tasks = self.tasks()
        self._ended = [one for one in self._ended if one.session() is not None or one in tasks]
        for one in self._ended:
            one.survived = one not in tasks and one.session() is not None

    def cancel_handlers(self) -> None:
        """Cancel the handler of every session that has lost its peer, as a framework may do."""
        for one, session in self._open.items():
            if session.closed and one.handler is not None:
                self._note("handler_cancelled", one.uid, "")
                one.handler.cancel()

    @property
    def open(self) -> dict[Tracked[S], S]:
        """The sessions whose handlers run, by uid."""
        return dict(sorted(self._open.items(), key=lambda item: item[0].uid))

    @property
    def ghosts(self) -> dict[Tracked[S], S]:
        """Those of them whose connection has been gone for more than 150 s."""
        now = self._loop.time()
        return {one: session for one, session in self.open.items() if one.is_ghost(now)}

    @property
    def leaked(self) -> dict[Tracked[S], S]:
        """The sessions that have ended, as have their tasks, and are still in memory.

        After a garbage collection, that is.
        """
        alive = ((one, one.session()) for one in self._ended if one.survived)
        return {one: session for one, session in alive if session is not None}

    @property
    def everyone(self) -> dict[Tracked[S], S]:
        """The sessions that are open, are leaked, or have ended and left tasks."""
        return {**self._open, **self._held, **self.leaked}

    def __iter__(self) -> Iterator[S]:
        """Yield the sessions that are open, or have ended and left tasks."""
        yield from self._open.values()
        ended = (one.session() for one in self.orphans()) if self._ended else ()
        yield from (session for session in ended if session is not None)

    @property
    def connected(self) -> dict[Tracked[S], S]:
        """The open sessions whose connection the operating system has, by uid."""
        return {
            one: session
            for one, session in self.open.items()
            if one.disconnected_at is None and is_established(session.connection)
        }

    def tasks(self) -> dict[Tracked[S], list[asyncio.Task[Any]]]:
        """Return the tasks of sessions, handlers included, also of sessions that have ended."""
        known = {*self._open, *self._ended}
        return {
            one: tasks for one, tasks in tasks_by_owner(self._loop, Tracked).items() if one in known
        }

    def orphans(self) -> dict[Tracked[S], list[asyncio.Task[Any]]]:
        """Return the tasks of sessions that have ended."""
        return {one: tasks for one, tasks in self.tasks().items() if one not in self._open}

    def states(self) -> list[tuple[Tracked[S], S, State]]:
        """Return how each session stands, by uid, those that have ended and left tasks included."""
        connected, now = self.connected, self._loop.time()

        def state(one: Tracked[S]) -> State:
            if one in connected:
                return State.CONNECTED
            return State.GHOST if one.is_ghost(now) else State.DRAINING

        found = [(one, session, state(one)) for one, session in self._open.items()]
        ended = ((one, one.session()) for one in self.orphans())
        found += [(one, it, State.ORPHANED) for one, it in ended if it is not None]
        return sorted(found, key=lambda each: each[0].uid)
