"""The sessions of one service, as they are seen from outside."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from websockets.asyncio.server import ServerConnection

from ghosts.observation.kernel import is_established
from ghosts.observation.ownership import owned_by, tasks_by_owner
from ghosts.settings import GHOST_AFTER
from tracemalloc_ext import leaves_of

KERNEL_EVERY: Final = 5.0
"""Simulated seconds between two checks of which connections the operating system still has.

It is the tracker's own clock: what it finds does not depend on how often somebody samples.
"""
COLLECT_EVERY: Final = 900.0
"""Simulated seconds between two garbage collections, after which sessions that have ended and are
still in memory count as leaked."""


class Session(Protocol):
    """What a session of any service lets be seen."""

    uid: str

    @property
    def connection(self) -> ServerConnection:
        """Its WebSocket connection."""

    @property
    def audio(self) -> "HoldsAudio":
        """What holds the audio that it has not passed on; it may outlive the session."""

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, or about to be."""


class HoldsAudio(Protocol):
    """Audio that was received, and is neither passed on nor dropped."""

    @property
    def held_bytes(self) -> int:
        """How much of it there is."""


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


@dataclass(slots=True, eq=False, weakref_slot=True)
class Tracked(Generic[S]):
    """What is known of one session. It keeps nothing of it in memory but a handler that runs."""

    uid: str
    session: weakref.ref[S]
    audio: weakref.ref[HoldsAudio]
    handler: asyncio.Task[Any] | None
    """The task that runs its lifecycle; None once that has ended."""
    disconnected_at: float | None = None
    """When the operating system was first seen to have no connection of it any more."""
    survived: bool = False
    """Whether it has ended, and was still in memory after a garbage collection."""

    @property
    def held_bytes(self) -> int:
        """Bytes of audio that it, or a task that it has left, may still pass on."""
        audio = self.audio()
        return 0 if audio is None else audio.held_bytes

    def is_ghost(self, now: float) -> bool:
        """Return whether it runs, and its connection has been gone for more than 150 s."""
        gone = self.disconnected_at
        return self.handler is not None and gone is not None and now - gone > GHOST_AFTER


class Tracker(Generic[S]):
    """Knows every session of one service: when its connection went, and which tasks are its.

    It learns of a session from the lifecycle that it wraps (:meth:`tracking`), and of a lost
    connection from :meth:`check_connections`, which is called on a clock, and not where somebody
    samples. Every other method only looks: it gives the same answer however often, and in whatever
    order, it is asked. ``events`` is what the kinds of its events begin with.
    """

    def __init__(self, note: Note, events: str = "session") -> None:
        self._note = note
        self._events = events
        self._open: dict[Tracked[S], S] = {}
        self._ended: list[Tracked[S]] = []
        # As long as a task or timer has its context: it may create tasks long after it has ended.
        self._known: weakref.WeakSet[Tracked[S]] = weakref.WeakSet()
        self.constants: list[object] = []
        """What lifecycles refer to that is no session's, such as bytes that a partial passes on."""
        self._loop = asyncio.get_running_loop()

    def tracking(self, lifecycle: Callable[[S], Awaitable[None]]) -> Callable[[S], Awaitable[None]]:
        """Return the same lifecycle, whose sessions are known here from then on."""
        self.constants += leaves_of(lifecycle)

        async def tracked(session: S) -> None:
            handler = asyncio.current_task()
            one = Tracked(session.uid, weakref.ref(session), weakref.ref(session.audio), handler)
            self._open[one] = session
            self._known.add(one)
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
                del self._open[one]
                self._ended.append(one)

        return tracked

    def check_connections(self) -> None:
        """Record which open sessions have lost their connection since the last check."""
        for one, session in self._open.items():
            self._check(one, session)

    def _check(self, one: Tracked[S], session: S) -> None:
        if one.disconnected_at is None and not is_established(session.connection):
            one.disconnected_at = self._loop.time()
            self._note(f"{self._events}_disconnected", one.uid, "")

    def collect(self) -> None:
        """Collect garbage if a session that has ended is in memory; note which ones stay there."""
        if any(one.session() is not None for one in self._ended):
            gc.collect()
        self._ended = [one for one in self._ended if one.session() is not None]
        for one in self._ended:
            one.survived = True

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
        """The sessions that have ended, and were still in memory after a garbage collection."""
        alive = ((one, one.session()) for one in self._ended if one.survived)
        return {one: session for one, session in alive if session is not None}

    @property
    def held_bytes(self) -> int:
        """Bytes of audio that open sessions, and tasks that outlive theirs, may still pass on."""
        orphans = self.orphans() if len(self._known) > len(self._open) else {}
        return sum(one.held_bytes for one in (*self._open, *orphans))

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
        owned = tasks_by_owner(self._loop, Tracked)
        return {one: tasks for one, tasks in owned.items() if one in self._known}

    def orphans(self) -> dict[Tracked[S], list[asyncio.Task[Any]]]:
        """Return the tasks of sessions that have ended."""
        return {one: tasks for one, tasks in self.tasks().items() if one not in self._open}

    def states(self) -> list[tuple[Tracked[S], State]]:
        """Return how each session stands, by uid, those that have ended and left tasks included."""
        connected, now = self.connected, self._loop.time()

        def state(one: Tracked[S]) -> State:
            if one in connected:
                return State.CONNECTED
            return State.GHOST if one.is_ghost(now) else State.DRAINING

        found = [(one, state(one)) for one in self._open]
        found += [(one, State.ORPHANED) for one in self.orphans()]
        return sorted(found, key=lambda each: each[0].uid)
