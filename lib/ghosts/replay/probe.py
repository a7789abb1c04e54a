"""The probe: what a pod looks like from outside, at one moment."""

import asyncio
import tracemalloc
from collections.abc import Sequence

import psutil
import websockets.asyncio.server

from ghosts.backends import Backends, Clients, Service, WorkerPool
from ghosts.listen import Listen, ListenSession
from ghosts.pusher import Metrics, Pusher, Session, Spool
from ghosts.replay.recording import Audio, Event, Listening, Sample, SessionAtEnd
from ghosts.replay.watched import State, Watched
from ghosts.service import established_peers
from tracemalloc_ext import retained_by

_OF_THE_POD = (Clients, Service, WorkerPool, Metrics, websockets.asyncio.server.Server)
"""Classes of what all sessions of a pod share: not theirs to retain."""


class Probe:
    """Watches the sessions of the services, and counts what the operating system knows of them.

    ``pushers`` are the pods of the pusher that there have been, the last one being the one that
    takes connections; ``clients`` and ``spools`` are theirs. ``listen`` is the pod of listen, where
    there is one.
    """

    def __init__(self, backends: Backends, *, measure_memory: bool = True) -> None:
        self.events: list[Event] = []
        self.pushers: list[Pusher] = []
        self.clients: list[Clients] = []
        self.spools: list[Spool] = []
        self.listen: Listen | None = None
        self._backends = backends
        self._measure_memory = measure_memory
        self._measured: dict[Session, tuple[int, int]] = {}
        self._process = psutil.Process()
        self._loop = asyncio.get_running_loop()
        self.sessions: Watched[Session] = Watched("ws", self.note)
        self.listen_sessions: Watched[ListenSession] = Watched("listen", self.note, "listening")

    def note(self, kind: str, who: str, detail: str = "") -> None:
        """Add an event."""
        self.events.append(Event(t=self._loop.time(), kind=kind, who=who, detail=detail))

    def sample(self) -> Sample:
        """Look at everything once. Costs some milliseconds of real time, none of simulated."""
        peers = established_peers(self.port)
        tasks = self.sessions.tasks()
        orphans = self.sessions.orphans(tasks)
        ghosts = self.sessions.ghosts(peers)
        audio = self.audio()
        uploads = [clients.uploads for clients in self.clients]
        return Sample(
            t=self._loop.time(),
            gauge=sum(pusher.metrics.gauge for pusher in self.pushers),
            tcp=len(peers),
            ghosts=len(ghosts),
            orphans=orphans,
            tasks=sum(len(each) for each in tasks.values()),
            workers_busy=sum(pool.busy for pool in uploads),
            queued_bytes=audio.queued,
            lost_bytes=audio.lost,
            abandoned_bytes=sum(pool.abandoned_bytes for pool in uploads),
            retained_bytes=sum(self.retained_bytes(ghosts, tasks)),
            tracemalloc_bytes=tracemalloc.get_traced_memory()[0]
            if tracemalloc.is_tracing()
            else None,
            rss_bytes=self._process.memory_info().rss if self._measure_memory else 0,
            listen=None if self.listen is None else self._listening(self.listen),
        )

    def audio(self) -> Audio:
        """Say where the audio is. What is stored is storage's own count; what is lost, the rest."""
        stored = self._backends.stored_bytes
        queued = sum(session.private_cloud.held_bytes for session in self.sessions)
        queued += sum(spool.size for spool in self.spools)
        if self.listen is None:
            received = sum(pusher.metrics.received_bytes for pusher in self.pushers)
        else:
            received = self.listen.metrics.received_bytes
            queued += sum(session.feed.held_bytes for session in self.listen_sessions)
        return Audio(
            received=received, stored=stored, queued=queued, lost=received - stored - queued
        )

    def states(self) -> list[tuple[Session, State]]:
        """Say how each of the pusher's sessions stands; see :meth:`Watched.states`."""
        return self.sessions.states(self.port)

    def sessions_at_end(self) -> tuple[SessionAtEnd, ...]:
        """Describe every session of the pusher that has not ended."""
        ghosts = self.sessions.ghosts(established_peers(self.port))
        tasks = self.sessions.tasks()
        sessions = self.sessions.open
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

    @property
    def port(self) -> int:
        """The pusher's."""
        return self.pushers[-1].port

    def retained_bytes(
        self, sessions: Sequence[Session], tasks: dict[str, list[asyncio.Task[object]]]
    ) -> list[int]:
        """Measure sessions; 0 for each, if memory is not measured.

        One that holds as much audio as at the last look is not walked again, if the loop that
        uploads it is all that is left of it.
        """
        if not self._measure_memory:
            return [0] * len(sessions)
        held = {session: session.private_cloud.held_bytes for session in sessions}
        changed = {
            session: (session, *tasks.get(session.uid, ()))
            for session in sessions
            if self._measured.get(session, (None, 0))[0] != held[session]
            or len(tasks.get(session.uid, ())) > 1
        }
        for session, retained in retained_by(changed, exclude=_OF_THE_POD).own.items():
            self._measured[session] = (held[session], retained)
        return [self._measured[session][1] for session in sessions]

    def _listening(self, listen: Listen) -> Listening:
        peers = established_peers(listen.port)
        tasks = self.listen_sessions.tasks()
        orphans = self.listen_sessions.orphans(tasks)
        return Listening(
            gauge=listen.metrics.gauge,
            tcp=len(peers),
            ghosts=len(self.listen_sessions.ghosts(peers)),
            orphans=orphans,
            tasks=sum(len(each) for each in tasks.values()),
            held_bytes=sum(session.feed.held_bytes for session in self.listen_sessions),
        )
