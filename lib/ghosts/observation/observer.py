"""The observer: samples of a pod from outside, at any moment."""

import asyncio
from typing import TYPE_CHECKING, NoReturn, Protocol, TypeVar

import psutil

from ghosts.config import GHOST_AFTER
from ghosts.listen import Listen, ListenSession
from ghosts.observation.allocator import allocator
from ghosts.observation.memory import SessionMemory
from ghosts.observation.tracker import COLLECT_EVERY, KERNEL_EVERY, AnySession, Tracked, Tracker
from ghosts.records.device_group import Leave
from ghosts.records.recording import Audio, Event, Sample, SessionAtEnd
from ghosts.records.snapshot import Snapshot
from ghosts.ws_server import established_peers

if TYPE_CHECKING:
    from ghosts.clients import PusherClients
    from ghosts.pusher import Pusher, PusherSession, Spool

S = TypeVar("S", bound=AnySession)


class StoresAudio(Protocol):
    """The part of the backends that is observed."""

    @property
    def stored_bytes(self) -> int:
        """Bytes of audio in storage, each counted once."""


class Observer:
    """Tracks the sessions of both services and takes samples.

    ``pushers`` are all pods of the pusher so far, of which the last accepts connections;
    ``clients`` and ``spools`` are theirs. ``listen`` is the pod of listen, if there is one. Results
    do not depend on how often, or in what order, its methods are called.
    """

    def __init__(self, backends: StoresAudio, *, measure_memory: bool = True) -> None:
        self.events: list[Event] = []
        self.pushers: list[Pusher] = []
        self.clients: list[PusherClients] = []
        self.spools: list[Spool] = []
        self.listen: Listen | None = None
        self._vanished: set[str] = set()
        self._stopped_reading: set[str] = set()
        self._backends = backends
        self._measure_memory = measure_memory
        self._process = psutil.Process()
        self._loop = asyncio.get_running_loop()
        self.sessions: Tracker[PusherSession] = Tracker(self.note)
        self.listen_sessions: Tracker[ListenSession] = Tracker(self.note, "listening")
        self._trackers = self.sessions, self.listen_sessions
        self.memory = SessionMemory(
            self.sessions, lambda: [*self.pushers, *self.clients], observers=(self,)
        )
        self._listen_memory = SessionMemory(
            self.listen_sessions, lambda: [self.listen], observers=(self,)
        )

    async def watch(self) -> NoReturn:
        """Check connections every 5 s and collect garbage every 900 s, until cancelled."""
        next_collection = COLLECT_EVERY
        while True:
            await asyncio.sleep(KERNEL_EVERY)
            for tracker in self._trackers:
                tracker.check_connections()
            if self._loop.time() >= next_collection:
                next_collection += COLLECT_EVERY
                self.collect()

    def collect(self) -> None:
        """Find leaked sessions; see :meth:`Tracker.collect`."""
        for tracker in self._trackers:
            tracker.collect()

    def note(self, kind: str, who: str, detail: str = "") -> None:
        """Record an event at the current second: its kind, the uid or backend, and a detail."""
        if kind == "device_left" and detail == Leave.VANISH:
            self._vanished.add(who)
        if kind == "device_stopped_reading":
            self._stopped_reading.add(who)
        self.events.append(Event(t=self._loop.time(), kind=kind, who=who, detail=detail))

    def sample(self) -> Sample:
        """Return a sample of this moment.

        Takes some milliseconds of real time, and no simulated time.
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
        """Return where the audio is, in bytes.

        ``stored`` is storage's own count. ``lost`` is what is neither stored nor queued.
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
        """Return the sessions of the pusher that have not ended, by uid."""
        ghosts = self.sessions.ghosts
        retained: dict[Tracked[PusherSession], int] = {}
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
        """The port of the pusher."""
        return self.pushers[-1].port

    def _listening(self, listen: Listen) -> Snapshot:
        return Snapshot(
            gauge=listen.metrics.gauge,
            tcp=len(established_peers(listen.port)),
            queued_bytes=self.listen_sessions.held_bytes,
            **self._counts(self.listen_sessions, self._listen_memory),
        )

    def _connected(self, tracker: Tracker[S], uids: set[str]) -> int:
        """Count the connected sessions whose peer is one of these devices."""
        of_devices = self.sessions if self.listen is None else self.listen_sessions
        if tracker is not of_devices or not uids:
            return 0
        return sum(one.uid in uids for one in tracker.connected)

    def _counts(self, tracker: Tracker[S], memory: SessionMemory[S]) -> dict[str, int]:
        """Return the fields of a snapshot that come from the tracker and the memory, by name."""
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
            "half_open": self._connected(tracker, self._vanished),
            "not_reading": self._connected(tracker, self._stopped_reading - self._vanished),
            "write_buffer_bytes": sum(
                session.connection.transport.get_write_buffer_size()
                for session in tracker.open.values()
            ),
        }
