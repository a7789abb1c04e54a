"""The lab as a person drives it. Misuse is refused here, before anything has happened."""

import asyncio
import weakref
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Final, Self

import pandas as pd

from ghosts.backends import Backend
from ghosts.lab.counts import Counts
from ghosts.lab.errors import CLOSED, LabError, duration, listed, one_of, whole, whole_seconds
from ghosts.lab.nested_test_bed import SAMPLE_EVERY, NestedTestBed
from ghosts.lab.table import leaks, table, waits
from ghosts.observation.tracker import Tracked
from ghosts.plots.replay import gauge_against_tcp
from ghosts.plots.style import Figure
from ghosts.pusher import PusherSession
from ghosts.records.device_group import DeviceGroup, Leave
from ghosts.records.fault import MIN_SECONDS, Fault, FaultMode
from ghosts.records.recording import FORMAT, Recording
from ghosts.records.scenario import TENTH, DevicePlan, Scenario, ScenarioError
from ghosts.simulation.open_files import make_room_for
from ghosts.variants import Variant, VariantError, variant_of

MAX_DEVICES: Final = 400
"""Devices that one lab takes, including those that have left."""
MAX_SECONDS: Final = 86_400
"""Simulated seconds that one lab lasts at most."""


class Lab:
    """One pusher, its backends and devices on simulated time, driven by plain calls.

    ``variant`` is a name in `ghosts.variants.VARIANTS`, or a variant of your own. Every call that
    changes something returns the counts after it. An interrupt (Ctrl-C) ends a call early, and the
    lab can be used further. Any number of labs may be open at the same time; each has its own
    clock. A lab without references is closed by the garbage collector, or when the process ends.

    Raises:
        LabError: the arguments are not possible. Every method raises it, and has changed nothing.
    """

    def __init__(self, variant: str | Variant = "gather_all") -> None:
        chosen = _variant(variant)
        self._name = chosen.name
        self._groups: list[DeviceGroup] = []
        self._faults: list[Fault] = []
        self._bed = NestedTestBed(chosen)
        self._close = weakref.finalize(self, self._bed.close)

    def __repr__(self) -> str:
        now = repr(self.counts()) if self._close.alive else "closed"
        return f"<Lab {self._name}  {now}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def connect(
        self,
        count: int = 1,
        *,
        transcript_every: int | None = None,
        speaker_sample_every: int | None = None,
        switch_conversation_every: int | None = None,
        process_conversation_every: int | None = None,
    ) -> Counts:
        """Connect ``count`` devices, which send audio from now on.

        The other arguments are intervals in seconds, multiples of 10, at which each device also
        sends a transcript, requests a speaker sample, switches to a new conversation, or requests
        that its conversation be processed; None is never. Devices are named ``device-000`` and so
        on, in the order in which they connect.
        """
        bed = self._ready()
        first = sum(group.count for group in self._groups)
        if first + whole("count", count) > MAX_DEVICES:
            raise LabError(
                f"connect({count}): a lab takes {MAX_DEVICES} devices in all, and has had {first}"
            )
        try:
            make_room_for(first + count)
        except ScenarioError as error:
            raise LabError(str(error)) from None
        group = DeviceGroup(
            name=_uid(first),
            count=count,
            arrive=(bed.time, bed.time),
            transcript_every=_tens("transcript_every", transcript_every),
            speaker_sample_every=_tens("speaker_sample_every", speaker_sample_every),
            switch_conversation_every=_tens("switch_conversation_every", switch_conversation_every),
            process_conversation_every=_tens(
                "process_conversation_every", process_conversation_every
            ),
        )
        self._groups.append(group)
        uids = [_uid(first + number) for number in range(count)]
        plans = [DevicePlan(uid, group, bed.time, leaves_at=None) for uid in uids]
        bed.connect(plans, self._scenario())
        return self.counts()

    def disconnect(self, which: int | str | Iterable[str], how: str = "close") -> Counts:
        """Make devices leave: ``which`` is a number of them, oldest first, a uid, or several uids.

        ``how`` is ``close`` (with the closing handshake), ``reset`` (with a TCP reset), ``vanish``
        (it stops reading and writing, and its socket stays open) or ``silent`` (it stays connected,
        answers pings, and sends nothing else).
        """
        bed = self._ready()
        leave = one_of("how", Leave, how)
        bed.disconnect(_chosen(which, bed.talking), leave)
        return self.counts()

    def fault(self, backend: str, mode: str, seconds: float = 10) -> Counts:
        """Make a backend fail from now on.

        ``backend`` is the value of a `ghosts.backends.Backend`, ``mode`` of a
        `ghosts.records.fault.FaultMode`. ``seconds`` is the delay of ``slow`` and the gap of
        ``trickles``.
        """
        bed = self._ready()
        service = one_of("backend", Backend, backend)
        fault_mode = one_of("mode", FaultMode, mode)
        if duration("seconds", seconds) < MIN_SECONDS:
            raise LabError(f"seconds: must be at least {MIN_SECONDS:g}, not {seconds!r}")
        self._end_fault(service)
        self._faults.append(
            Fault(backend=service, mode=fault_mode, start=float(bed.time), seconds=seconds)
        )
        bed.fail(service, fault_mode, seconds)
        return self.counts()

    def recover(self, backend: str) -> Counts:
        """Make a backend answer again. Requests that it has swallowed stay unanswered."""
        bed = self._ready()
        service = one_of("backend", Backend, backend)
        self._end_fault(service)
        bed.recover(service)
        return self.counts()

    def advance(self, *unnamed: float, minutes: float = 0, seconds: float = 0) -> Counts:
        """Let simulated time pass: whole seconds, at most a day in all.

        A number without a name is refused: it could be minutes or seconds.
        """
        bed = self._ready()
        total = whole_seconds(unnamed, minutes, seconds)
        if bed.time + total > MAX_SECONDS:
            raise LabError(f"advance: a lab lasts {MAX_SECONDS:,} s, and is at {bed.time:,} s now")
        bed.advance(total)
        return self.counts()

    def counts(self) -> Counts:
        """Return the counts at this moment."""
        bed = self._ready()
        sample = bed.samples[-1]
        return Counts(
            **{field.name: getattr(sample, field.name) for field in fields(sample)},
            crashes=tuple(
                event.detail for event in bed.observer.events if event.kind == "session_crashed"
            ),
        )

    def table(self) -> pd.DataFrame:
        """Return a row per session that is open or has orphan tasks, by uid.

        ``state`` is a `ghosts.records.waits.State`. ``waits in`` names the session's tasks that are
        in a call to a backend; if there are none and the connection is gone, all of its tasks.
        ``seconds`` is how long the longest of these has waited at least; it may be up to 15 s more.
        ``audio MiB`` is audio received that is neither stored nor dropped, ``memory MiB`` all that
        the session keeps alive.
        """
        bed = self._ready()
        return table(bed.observer, bed.watch)

    def waits(self, uid: str) -> pd.DataFrame:
        """Return a row per task of a session, its handler first, then by name.

        ``waits in`` is the innermost function of the program in which the task is suspended,
        ``line`` is its line, ``seconds`` is how long it has waited at least (up to 15 s more).
        """
        bed = self._ready()
        one = self._tracked(uid)
        return waits(one, bed.observer.sessions.tasks().get(one, []), bed.watch)

    def leaks(self) -> pd.DataFrame:
        """Return a row per session that has ended and is still in memory.

        ``kept by`` is a chain of references that keeps it in memory.
        """
        return leaks(self._ready().observer)

    def session(self, uid: str) -> PusherSession:
        """Return a session that is open or has orphan tasks."""
        session = self._tracked(uid).session()
        if session is None:
            raise LabError(f"uid: only orphan tasks are left of {uid!r}; see lab.tasks({uid!r})")
        return session

    def tasks(self, uid: str) -> list[asyncio.Task[object]]:
        """Return the pending tasks of a session that is open or has orphan tasks, handler first."""
        one = self._tracked(uid)
        tasks = self._bed.observer.sessions.tasks().get(one, [])
        return sorted(tasks, key=lambda task: task is not one.handler)

    def recording(self) -> Recording:
        """Return what has happened so far as a recording, which figures and reports take.

        Its scenario has the arrivals and the faults, not the departures.
        """
        bed = self._ready()
        return Recording(
            scenario=self._scenario(),
            format=FORMAT,
            variant=self._name,
            scale=TENTH,
            samples=tuple(bed.samples),
            audio=bed.observer.audio(),
            events=tuple(bed.observer.events),
            sessions=bed.observer.sessions_at_end(),
            versions={},
        )

    def plot(self) -> Figure:
        """Draw the gauge against the TCP connections, from second 0 until now."""
        return gauge_against_tcp(self.recording())

    def close(self) -> None:
        """Drop the devices and stop the pusher and its backends. A second call does nothing."""
        self._close()

    def _tracked(self, uid: str) -> Tracked[PusherSession]:
        for one, _ in self._ready().observer.sessions.states():
            if one.uid == uid:
                return one
        raise LabError(f"uid: no session of {uid!r}")

    def _ready(self) -> NestedTestBed:
        if not self._close.alive:
            raise LabError(CLOSED)
        if self._bed.running:
            raise LabError("a lab cannot be driven by its own sessions: a call of it is running")
        return self._bed

    def _scenario(self) -> Scenario:
        return Scenario(
            name="lab",
            summary="Driven by hand",
            seed=0,
            duration=max(self._bed.time + 1, SAMPLE_EVERY),
            devices=tuple(self._groups),
            faults=tuple(self._faults),
            sample_every=SAMPLE_EVERY,
        )

    def _end_fault(self, backend: Backend) -> None:
        now = float(self._bed.time)
        self._faults = [
            replace(fault, end=now) if fault.backend is backend and fault.end is None else fault
            for fault in self._faults
            if not (fault.backend is backend and fault.start == now)
        ]


def _variant(variant: str | Variant) -> Variant:
    try:
        return variant_of(variant)
    except VariantError as error:
        raise LabError(f"variant: {error}") from None


def _chosen(which: int | str | Iterable[str], talking: list[str]) -> list[str]:
    """Return the uids that ``which`` selects, all of them of connected devices."""
    if isinstance(which, str):
        which = [which]
    if isinstance(which, Iterable):
        uids = list(which)
        if not uids:
            raise LabError("which: names no device")
        gone = [uid for uid in uids if uid not in talking]
        if gone:
            raise LabError(f"which: not connected: {listed(map(repr, gone))}")
        return list(dict.fromkeys(uids))
    if whole("which", which) > len(talking):
        raise LabError(f"disconnect({which}): only {_devices(len(talking))} connected")
    return talking[:which]


def _tens(name: str, seconds: int | None) -> int | None:
    if seconds is not None and whole(name, seconds) % 10:
        raise LabError(f"{name}: must be a multiple of 10 s, not {seconds}")
    return seconds


def _devices(count: int) -> str:
    return "1 device is" if count == 1 else f"{count} devices are"


def _uid(number: int) -> str:
    return f"device-{number:03}"
