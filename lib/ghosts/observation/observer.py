"""The observer: what a pod looks like from outside, at any moment."""

import asyncio
from typing import TYPE_CHECKING, NoReturn, TypeVar

import psutil

from ghosts.backends import Backends, Clients
from ghosts.listen import Listen, ListenSession
from ghosts.observation.allocator import allocator
from ghosts.observation.memory import SessionMemory
from ghosts.observation.tracker import COLLECT_EVERY, KERNEL_EVERY, Tracked, Tracker
from ghosts.observation.tracker import Session as AnySession
from ghosts.records.recording import Audio, Event, Sample, SessionAtEnd
from ghosts.records.snapshot import Snapshot
from ghosts.service import established_peers
from ghosts.settings import GHOST_AFTER

if TYPE_CHECKING:
    from ghosts.pusher import Pusher, Session, Spool

S = TypeVar("S", bound=AnySession)


class Observer:
    """Tracks the sessions of the services, and counts what the operating system knows of them.

    ``pushers`` are the pods of the pusher that there have been, the last one being the one that
    takes connections; ``clients`` and ``spools`` are theirs. ``listen`` is the pod of listen, where
    there is one. Nothing that it returns depends on when, or how often, it is asked.
    """

    def __init__(self, backends: Backends, *, measure_memory: bool = True) -> None:
        self.events: list[Event] = []
        self.pushers: list[Pusher] = []
        self.clients: list[Clients] = []
        self.spools: list[Spool] = []
        self.listen: Listen | None = None
        self._backends = backends
        self._measure_memory = measure_memory
        self._process = psutil.Process()
        self._loop = asyncio.get_running_loop()
        self.sessions: Tracker[Session] = Tracker(self.note)
        self.listen_sessions: Tracker[ListenSession] = Tracker(self.note, "listening")
        self._trackers = self.sessions, self.listen_sessions
        self.memory = SessionMemory(
            self.sessions, lambda: [*self.pushers, *self.clients], observers=(self,)
        )
        self._listen_memory = SessionMemory(
            self.listen_sessions, lambda: [self.listen], observers=(self,)
        )

    async def run(self) -> NoReturn:
        """Keep up with connections and memory on a clock of its own, until cancelled."""
        next_collection = COLLECT_EVERY
        while True:
            await asyncio.sleep(KERNEL_EVERY)
            for tracker in self._trackers:
                tracker.check_connections()
            if self._loop.time() >= next_collection:
                next_collection += COLLECT_EVERY
                self.collect()

    def collect(self) -> None:
        """Find out which sessions that have ended stay in memory; see :meth:`Tracker.collect`."""
        for tracker in self._trackers:
            tracker.collect()

    def note(self, kind: str, who: str, detail: str = "") -> None:
        """Add an event."""
        self.events.append(Event(t=self._loop.time(), kind=kind, who=who, detail=detail))

    def sample(self) -> Sample:
        """Return what everything looks like now.

        Costs some milliseconds of real time, none of simulated.
        """
        audio = self.audio()
        uploads = [clients.uploads for clients in self.clients]
        return Sample(
            t=self._loop.time(),
            gauge=sum(pusher.metrics.gauge for pusher in self.pushers),
            tcp=len(established_peers(self.port)),
            queued_bytes=audio.queued,
            **self._counts(self.sessions, self.memory),
            workers_busy=sum(pool.busy for pool in uploads),
            workers_blocked=sum(pool.busy_for(GHOST_AFTER) for pool in uploads),
            lost_bytes=audio.lost,
            abandoned_bytes=sum(pool.abandoned_bytes for pool in uploads),
            rss_bytes=self._process.memory_info().rss if self._measure_memory else 0,
            allocator=allocator() if self._measure_memory else None,
            listen=None if self.listen is None else self._listening(self.listen),
        )

    def audio(self) -> Audio:
        """Return where the audio is. What is stored is storage's own count; what is lost, the rest.

        Bytes.
        """
        stored = self._backends.stored_bytes
        queued = self.sessions.held_bytes + sum(spool.size for spool in self.spools)
        if self.listen is None:
            received = sum(pusher.metrics.received_bytes for pusher in self.pushers)
        else:
            received = self.listen.metrics.received_bytes
            queued += self.listen_sessions.held_bytes
        return Audio(
            received=received, stored=stored, queued=queued, lost=received - stored - queued
        )

    def sessions_at_end(self) -> tuple[SessionAtEnd, ...]:
        """Describe every session of the pusher that has not ended, by uid."""
        ghosts = self.sessions.ghosts
        retained: dict[Tracked[Session], int] = {}
        if self._measure_memory:
            retained = self.memory.of(self.sessions.open, self.sessions.tasks())
        return tuple(
            SessionAtEnd(
                uid=one.uid,
                ghost=one in ghosts,
                held_bytes=one.held_bytes,
                retained_bytes=retained.get(one, 0),
            )
            for one in self.sessions.open
        )

    @property
    def port(self) -> int:
        """The pusher's."""
        return self.pushers[-1].port

    def _listening(self, listen: Listen) -> Snapshot:
        return Snapshot(
            gauge=listen.metrics.gauge,
            tcp=len(established_peers(listen.port)),
            queued_bytes=self.listen_sessions.held_bytes,
            **self._counts(self.listen_sessions, self._listen_memory),
        )

    def _counts(self, tracker: Tracker[S], memory: SessionMemory[S]) -> dict[str, int]:
        """Return those figures of a snapshot that the tracker and the memory have, by name."""
        ghosts, leaked = tracker.ghosts, tracker.leaked
        tasks = tracker.tasks()
        retained: dict[Tracked[S], int] = {}
        if self._measure_memory:
            retained = memory.of({**ghosts, **leaked}, tasks, cached=True)
        return {
            "ghosts": len(ghosts),
            "orphans": sum(len(each) for one, each in tasks.items() if one.handler is None),
            "tasks": sum(len(each) for each in tasks.values()),
            "leaked_sessions": len(leaked),
            "retained_bytes": sum(retained.get(one, 0) for one in ghosts),
            "leaked_bytes": sum(retained.get(one, 0) for one in leaked),
        }
