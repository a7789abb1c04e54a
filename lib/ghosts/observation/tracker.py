"""The tracker: which sessions a service has, their state, and their tasks, seen from outside."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

from websockets.asyncio.server import ServerConnection

from ghosts.config import GHOST_AFTER
from ghosts.observation.kernel import is_established
from ghosts.observation.ownership import owned_by, tasks_by_owner
from ghosts.records.waits import State
from tracemalloc_ext import leaves_of

KERNEL_EVERY: Final = 5.0
"""Simulated seconds between two checks of which connections the operating system still has.

Checks are on a clock of their own, and not made by samples: so the second at which a connection is
found to be gone does not depend on how often samples are taken.
"""
COLLECT_EVERY: Final = 900.0
"""Simulated seconds between two garbage collections. Sessions that have ended and are in memory
after one count as leaked."""


class AnySession(Protocol):
    """The part of a session that is observed, in either service."""

    uid: str

    @property
    def connection(self) -> ServerConnection:
        """Its WebSocket connection."""

    @property
    def audio(self) -> "HoldsAudio":
        """The object that holds audio not yet passed on; it may outlive the session."""

    @property
    def closed(self) -> bool:
        """Whether the connection is closed or closing."""


class HoldsAudio(Protocol):
    """Holds audio that was received and is neither passed on nor dropped."""

    @property
    def held_bytes(self) -> int:
        """Bytes of that audio."""


S = TypeVar("S", bound=AnySession)
Note: TypeAlias = Callable[[str, str, str], None]
"""Called with the kind of an event, a uid, and a detail."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Tracked(Generic[S]):
    """The record of one session. It keeps nothing of it in memory but a running handler."""

    uid: str
    session: weakref.ref[S]
    audio: weakref.ref[HoldsAudio]
    handler: asyncio.Task[Any] | None
    """The task that runs its lifecycle; None once that has ended."""
    disconnected_at: float | None = None
    """Simulated second at which its TCP connection was first found to be gone."""
    survived: bool = False
    """Whether it has ended and was still in memory after a garbage collection."""

    @property
    def held_bytes(self) -> int:
        """Bytes of audio that it, or one of its orphan tasks, may still pass on."""
        audio = self.audio()
        return 0 if audio is None else audio.held_bytes

    def is_ghost(self, now: float) -> bool:
        """Return whether it has not ended and its connection has been gone for more than 150 s."""
        gone = self.disconnected_at
        return self.handler is not None and gone is not None and now - gone > GHOST_AFTER


class Tracker(Generic[S]):
    """Records every session of one service: when its connection was lost, and its tasks.

    A session is recorded by the lifecycle that :meth:`tracking` wraps, a lost connection by
    :meth:`check_connections`, which is called on a clock and not by samples. All other methods but
    :meth:`collect` and :meth:`cancel_handlers` only read: results do not depend on how often, or in
    what order, they are called. ``events`` is the prefix of the kinds of its events.
    """

    def __init__(self, note: Note, events: str = "session") -> None:
        self._note = note
        self._events = events
        self._open: dict[Tracked[S], S] = {}
        self._ended: list[Tracked[S]] = []
        # Weak, so that a record lives as long as a task or timer of its session has its context:
        # these may create further tasks long after the session has ended.
        self._known: weakref.WeakSet[Tracked[S]] = weakref.WeakSet()
        self.constants: list[object] = []
        """Objects that lifecycles refer to and no session owns, such as arguments of a partial."""
        self._loop = asyncio.get_running_loop()

    def tracking(self, lifecycle: Callable[[S], Awaitable[None]]) -> Callable[[S], Awaitable[None]]:
        """Return a lifecycle that runs ``lifecycle`` and records its sessions here."""
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
        """Collect garbage if an ended session is in memory, and mark those that stay as leaked."""
        if any(one.session() is not None for one in self._ended):
            gc.collect()
        self._ended = [one for one in self._ended if one.session() is not None]
        for one in self._ended:
            one.survived = True

    def cancel_handlers(self) -> None:
        """Cancel the handler of every session whose connection is closed, as frameworks may do."""
        for one, session in self._open.items():
            if session.closed and one.handler is not None:
                self._note("handler_cancelled", one.uid, "")
                one.handler.cancel()

    @property
    def open(self) -> dict[Tracked[S], S]:
        """The sessions whose handlers have not ended, in order of their uids."""
        return dict(sorted(self._open.items(), key=lambda item: item[0].uid))

    @property
    def ghosts(self) -> dict[Tracked[S], S]:
        """The open sessions whose connection has been gone for more than 150 s."""
        now = self._loop.time()
        return {one: session for one, session in self.open.items() if one.is_ghost(now)}

    @property
    def leaked(self) -> dict[Tracked[S], S]:
        """The sessions that have ended and were still in memory after a garbage collection."""
        alive = ((one, one.session()) for one in self._ended if one.survived)
        return {one: session for one, session in alive if session is not None}

    @property
    def held_bytes(self) -> int:
        """Bytes of audio that open sessions and orphan tasks may still pass on."""
        # Orphan tasks are searched for only if they may hold some: a search takes milliseconds.
        ended = [one for one in self._known if one not in self._open and one.held_bytes]
        orphans = self.orphans() if ended else {}
        return sum(one.held_bytes for one in (*self._open, *orphans))

    @property
    def connected(self) -> dict[Tracked[S], S]:
        """The open sessions whose connection the operating system has, in order of their uids."""
        return {
            one: session
            for one, session in self.open.items()
            if one.disconnected_at is None and is_established(session.connection)
        }

    def tasks(self) -> dict[Tracked[S], list[asyncio.Task[Any]]]:
        """Return the tasks of all sessions, handlers and orphan tasks included."""
        owned = tasks_by_owner(self._loop, Tracked)
        return {one: tasks for one, tasks in owned.items() if one in self._known}

    def orphans(self) -> dict[Tracked[S], list[asyncio.Task[Any]]]:
        """Return the tasks of sessions that have ended."""
        return {one: tasks for one, tasks in self.tasks().items() if one not in self._open}

    def states(self) -> list[tuple[Tracked[S], State]]:
        """Return the state of each session that is open or has orphan tasks, by uid."""
        connected, now = self.connected, self._loop.time()

        def state(one: Tracked[S]) -> State:
            if one in connected:
                return State.CONNECTED
            return State.GHOST if one.is_ghost(now) else State.DRAINING

        found = [(one, state(one)) for one in self._open]
        found += [(one, State.ORPHANED) for one in self.orphans()]
        return sorted(found, key=lambda each: each[0].uid)
