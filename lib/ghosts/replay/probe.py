"""The probe: what a pod looks like from outside, at one moment."""

import asyncio
import tracemalloc
from collections.abc import Iterator
from enum import StrEnum

import psutil
import websockets.asyncio.server

from ghosts.backends import Backends, Clients, Service, WorkerPool
from ghosts.pusher import Lifecycle, Metrics, Pusher, Session, Spool
from ghosts.replay.recording import Audio, Event, Sample, SessionAtEnd
from ghosts.settings import GHOST_AFTER
from tracemalloc_ext import retained_by

_OF_THE_POD = (Clients, Service, WorkerPool, Metrics, websockets.asyncio.server.Server)
"""Classes of what all sessions of a pod share: not theirs to retain."""


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


class Probe:
    """Watches the sessions of one pod, and counts what the operating system knows of them.

    A session's connection is gone when its peer's port is no longer among the established
    connections; it is a ghost when that was so for more than 150 s. Both are known to the interval
    between two samples.
    """

    def __init__(
        self,
        backends: Backends,
        clients: Clients,
        spool: Spool | None = None,
        *,
        measure_memory: bool = True,
    ) -> None:
        self.events: list[Event] = []
        self._backends = backends
        self._clients = clients
        self._spool = spool
        self._measure_memory = measure_memory
        self._open: dict[str, Session] = {}
        self._handlers: dict[str, asyncio.Task[object]] = {}
        self._ended: dict[str, Session] = {}
        self._gone_since: dict[str, float] = {}
        self._measured: dict[str, tuple[int, int]] = {}
        self._process = psutil.Process()
        self._loop = asyncio.get_running_loop()

    def watching(self, lifecycle: Lifecycle) -> Lifecycle:
        """Return the same lifecycle, watched: its sessions are known to this probe."""

        async def watched(session: Session) -> None:
            handler = asyncio.current_task()
            assert handler is not None
            self._open[session.uid] = session
            self._handlers[session.uid] = handler
            self.note("session_opened", session.uid)
            try:
                await lifecycle(session)
            except Exception as error:
                self.note("session_crashed", session.uid, repr(error))
                raise
            finally:
                self.note("session_closed", session.uid)
                self._ended[session.uid] = self._open.pop(session.uid)
                del self._handlers[session.uid]

        return watched

    def cancel_handlers(self) -> None:
        """Cancel the handler of every session that has lost its device, as a framework may do."""
        for uid, session in self._open.items():
            if session.closed:
                self.note("handler_cancelled", uid)
                self._handlers[uid].cancel()

    def note(self, kind: str, who: str, detail: str = "") -> None:
        """Add an event."""
        self.events.append(Event(t=self._loop.time(), kind=kind, who=who, detail=detail))

    def sample(self, pusher: Pusher) -> Sample:
        """Look at everything once. Costs some milliseconds of real time, none of simulated."""
        peers = self._peers(pusher.port)
        tasks = self.tasks()
        self._ended = {uid: session for uid, session in self._ended.items() if uid in tasks}
        ghosts = self.ghosts(peers)
        audio = self.audio(pusher)
        return Sample(
            t=self._loop.time(),
            gauge=pusher.metrics.gauge,
            tcp=len(peers),
            ghosts=len(ghosts),
            orphans=sum(len(tasks[uid]) for uid in self._ended),
            tasks=sum(len(each) for each in tasks.values()),
            workers_busy=self._clients.uploads.busy,
            queued_bytes=audio.queued,
            lost_bytes=audio.lost,
            abandoned_bytes=self._clients.uploads.abandoned_bytes,
            retained_bytes=sum(self.retained_bytes(ghosts, tasks)),
            tracemalloc_bytes=tracemalloc.get_traced_memory()[0]
            if tracemalloc.is_tracing()
            else None,
            rss_bytes=self._process.memory_info().rss if self._measure_memory else 0,
        )

    def audio(self, pusher: Pusher) -> Audio:
        """Say where the audio is. What is stored is storage's own count; what is lost, the rest."""
        received = pusher.metrics.received_bytes
        stored = self._backends.stored_bytes
        queued = sum(session.private_cloud.held_bytes for session in self._sessions())
        if self._spool is not None:
            queued += self._spool.size
        return Audio(
            received=received, stored=stored, queued=queued, lost=received - stored - queued
        )

    def ghosts(self, peers: set[int]) -> list[Session]:
        """Return the sessions whose connection has been gone for more than 150 s."""
        now = self._loop.time()
        gone = {uid for uid, session in self._open.items() if session.peer[1] not in peers}
        self._gone_since = {uid: self._gone_since.get(uid, now) for uid in gone}
        return [
            self._open[uid]
            for uid, since in sorted(self._gone_since.items())
            if now - since > GHOST_AFTER
        ]

    def states(self, pusher: Pusher) -> list[tuple[Session, State]]:
        """Say how each session stands, by uid, those that have ended and left tasks included."""
        peers = self._peers(pusher.port)
        ghosts = self.ghosts(peers)
        tasks = self.tasks()

        def state(session: Session) -> State:
            if session.uid not in self._open:
                return State.ORPHANED
            if session in ghosts:
                return State.GHOST
            return State.CONNECTED if session.peer[1] in peers else State.LINGERING

        alive = (each for each in self._sessions() if each.uid in self._open or each.uid in tasks)
        return [(each, state(each)) for each in sorted(alive, key=lambda each: each.uid)]

    def connected(self, pusher: Pusher) -> set[str]:
        """Return the uids of the open sessions whose connection the operating system has."""
        peers = self._peers(pusher.port)
        return {uid for uid, session in self._open.items() if session.peer[1] in peers}

    def sessions_at_end(self, pusher: Pusher) -> tuple[SessionAtEnd, ...]:
        """Describe every session that has not ended."""
        ghosts = self.ghosts(self._peers(pusher.port))
        tasks = self.tasks()
        sessions = [session for _, session in sorted(self._open.items())]
        return tuple(
            SessionAtEnd(
                uid=session.uid,
                ghost=session in ghosts,
                held_bytes=session.private_cloud.held_bytes,
                retained_bytes=retained,
            )
            for session, retained in zip(
                sessions, self.retained_bytes(sessions, tasks), strict=True
            )
        )

    def _sessions(self) -> Iterator[Session]:
        yield from self._open.values()
        yield from self._ended.values()

    def _peers(self, port: int) -> set[int]:
        return {
            connection.raddr.port
            for connection in self._process.net_connections("tcp4")
            if connection.laddr.port == port and connection.status == psutil.CONN_ESTABLISHED
        }

    def tasks(self) -> dict[str, list[asyncio.Task[object]]]:
        """Return the tasks of sessions, by uid, those of sessions that have ended included."""
        by_uid: dict[str, list[asyncio.Task[object]]] = {}
        for task in asyncio.all_tasks(self._loop):
            kind, _, rest = task.get_name().partition(":")
            if kind == "ws":
                by_uid.setdefault(rest.partition(":")[0], []).append(task)
        return by_uid

    def retained_bytes(
        self, sessions: list[Session], tasks: dict[str, list[asyncio.Task[object]]]
    ) -> list[int]:
        """Measure sessions; 0 for each, if memory is not measured.

        One that holds as much audio as at the last look is not walked again, if the loop that
        uploads it is all that is left of it.
        """
        if not self._measure_memory:
            return [0] * len(sessions)
        held = {session.uid: session.private_cloud.held_bytes for session in sessions}
        changed = {
            session.uid: (session, *tasks.get(session.uid, ()))
            for session in sessions
            if self._measured.get(session.uid, (None, 0))[0] != held[session.uid]
            or len(tasks.get(session.uid, ())) > 1
        }
        for uid, retained in retained_by(changed, exclude=_OF_THE_POD).own.items():
            self._measured[uid] = (held[uid], retained)
        return [self._measured[session.uid][1] for session in sessions]
