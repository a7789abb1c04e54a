"""The sessions of one service, as they are seen from outside."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from ghosts.service import Address, established_peers
from ghosts.settings import GHOST_AFTER


class Session(Protocol):
    """What a session of any service lets be seen."""

    uid: str

    @property
    def peer(self) -> Address:
        """The other end."""

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, or about to be."""


S = TypeVar("S", bound=Session)
Note = Callable[[str, str, str], None]
"""Takes the kind of an event, to whom it happened, and a detail."""


class State(StrEnum):
    """How a session stands, seen from outside."""

    CONNECTED = "connected"
    """The operating system has its connection."""
    LINGERING = "lingering"
    """Its connection is gone, and that for no more than 150 s."""
    GHOST = "ghost"
    """Its connection has been gone for more than 150 s."""
    ORPHANED = "orphaned"
    """The service holds it to be over, and tasks of it are left."""


class Watched(Generic[S]):
    """The sessions of one service that are open, or have ended and left tasks.

    A session's connection is gone when its peer is no longer among those of established
    connections; it is a ghost when that was so for more than 150 s. Both are known to the interval
    between two looks. ``prefix`` is what the names of its tasks begin with, and that of the events.
    """

    def __init__(self, prefix: str, note: Note, events: str = "session") -> None:
        self.ended: list[S] = []
        self._prefix = prefix
        self._note = note
        self._events = events
        self._open: dict[S, asyncio.Task[object]] = {}
        self._gone_since: dict[S, float] = {}
        self._loop = asyncio.get_running_loop()

    def watching(self, lifecycle: Callable[[S], Awaitable[None]]) -> Callable[[S], Awaitable[None]]:
        """Return the same lifecycle, watched: its sessions are known here."""

        async def watched(session: S) -> None:
            handler = asyncio.current_task()
            assert handler is not None
            self._open[session] = handler
            self._note(f"{self._events}_opened", session.uid, "")
            try:
                await lifecycle(session)
            except Exception as error:
                self._note(f"{self._events}_crashed", session.uid, repr(error))
                raise
            finally:
                self._note(f"{self._events}_closed", session.uid, "")
                del self._open[session]
                self.ended.append(session)

        return watched

    def cancel_handlers(self) -> None:
        """Cancel the handler of every session that has lost its peer, as a framework may do."""
        for session, handler in self._open.items():
            if session.closed:
                self._note("handler_cancelled", session.uid, "")
                handler.cancel()

    def handler(self, session: S) -> asyncio.Task[object] | None:
        """Return the task that runs a session's lifecycle; None once that has ended."""
        return self._open.get(session)

    @property
    def open(self) -> list[S]:
        """The sessions whose handlers run, by uid."""
        return sorted(self._open, key=lambda session: session.uid)

    def __iter__(self) -> Iterator[S]:
        yield from self._open
        yield from self.ended

    def tasks(self) -> dict[str, list[asyncio.Task[object]]]:
        """Return the tasks of sessions, by uid, those of sessions that have ended included."""
        by_uid: dict[str, list[asyncio.Task[object]]] = {}
        for task in asyncio.all_tasks(self._loop):
            kind, _, rest = task.get_name().partition(":")
            if kind == self._prefix:
                by_uid.setdefault(rest.partition(":")[0], []).append(task)
        return by_uid

    def orphans(self, tasks: dict[str, list[asyncio.Task[object]]]) -> int:
        """Count the tasks of users whose sessions are over, and forget who has left none."""
        self.ended = [session for session in self.ended if session.uid in tasks]
        over = {session.uid for session in self.ended} - {session.uid for session in self._open}
        return sum(len(tasks[uid]) for uid in over)

    def connected(self, port: int) -> set[str]:
        """Return the uids of the open sessions whose connection the operating system has."""
        peers = established_peers(port)
        return {session.uid for session in self._open if session.peer in peers}

    def ghosts(self, peers: set[Address]) -> list[S]:
        """Return the sessions whose connection has been gone for more than 150 s."""
        now = self._loop.time()
        gone = [session for session in self.open if session.peer not in peers]
        self._gone_since = {session: self._gone_since.get(session, now) for session in gone}
        return [session for session, since in self._gone_since.items() if now - since > GHOST_AFTER]

    def states(self, port: int) -> list[tuple[S, State]]:
        """Say how each session stands, by uid, those that have ended and left tasks included."""
        peers = established_peers(port)
        ghosts = self.ghosts(peers)
        tasks = self.tasks()

        def state(session: S) -> State:
            if session not in self._open:
                return State.ORPHANED
            if session in ghosts:
                return State.GHOST
            return State.CONNECTED if session.peer in peers else State.LINGERING

        alive = (one for one in self if one in self._open or one.uid in tasks)
        return [(one, state(one)) for one in sorted(alive, key=lambda one: one.uid)]
