"""The lab, as a person drives it: every wrong use is refused here, before anything is done."""

import asyncio
import weakref
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Final, Self

import pandas as pd

from ghosts.backends import Backend, Fault, FaultMode
from ghosts.backends.faults import MIN_SECONDS
from ghosts.lab.counts import Counts
from ghosts.lab.errors import LabError, duration, listed, one_of, whole
from ghosts.lab.stage import SAMPLE_EVERY, Stage
from ghosts.lab.table import leaks, table, waits
from ghosts.observation.tracker import Tracked
from ghosts.plots.replay import gauge_against_tcp
from ghosts.plots.style import Figure
from ghosts.pusher import LIFECYCLES, Lifecycle, Session, is_lifecycle, lifecycle_name
from ghosts.records.recording import FORMAT, Recording
from ghosts.records.scenario import (
    TENTH,
    DeviceGroup,
    DevicePlan,
    Leave,
    Scenario,
    ScenarioError,
)
from ghosts.replay.open_files import make_room_for

MAX_DEVICES: Final = 400
"""Devices that a lab takes in all."""
MAX_SECONDS: Final = 86_400
"""Simulated seconds that a lab lasts."""


class Lab:
    """One pusher, the services it calls, and devices, all of them told what to do by plain calls.

    ``lifecycle`` is a name of `ghosts.pusher.LIFECYCLES`, or an async function of a session. Every
    call that does something returns the counts that follow from it. An interrupt (Ctrl-C) ends a
    call early, and the lab goes on from there. Any number of labs may be open; each has a time of
    its own. One that nobody refers to any more is closed when the collector finds it, at the
    latest at the end of the process.

    Raises:
        LabError: what is asked for is impossible; here, and from every method. Nothing was done.
    """

    def __init__(self, lifecycle: str | Lifecycle = "gather_all") -> None:
        chosen = _lifecycle(lifecycle)
        self._name = lifecycle_name(chosen)
        self._groups: list[DeviceGroup] = []
        self._faults: list[Fault] = []
        self._stage = Stage(chosen)
        self._close = weakref.finalize(self, self._stage.close)

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
        """Connect devices, which send audio from now on, and what else is asked for.

        The intervals are in seconds, multiples of 10. The devices are named ``device-000`` and so
        on, in the order in which they come.
        """
        stage = self._ready()
        first = sum(group.count for group in self._groups)
        if first + whole("count", count) > MAX_DEVICES:
            raise LabError(f"count: a lab takes {MAX_DEVICES} devices, and has had {first}")
        try:
            make_room_for(first + count)
        except ScenarioError as error:
            raise LabError(str(error)) from None
        group = DeviceGroup(
            name=_uid(first),
            count=count,
            arrive=(stage.time, stage.time),
            transcript_every=_tens("transcript_every", transcript_every),
            speaker_sample_every=_tens("speaker_sample_every", speaker_sample_every),
            switch_conversation_every=_tens("switch_conversation_every", switch_conversation_every),
            process_conversation_every=_tens(
                "process_conversation_every", process_conversation_every
            ),
        )
        self._groups.append(group)
        uids = [_uid(first + number) for number in range(count)]
        plans = [DevicePlan(uid, group, stage.time, leaves_at=None) for uid in uids]
        stage.connect(plans, self._scenario())
        return self.counts()

    def disconnect(self, which: int | str | Iterable[str], how: str = "close") -> Counts:
        """Have devices leave: so many of them, the oldest first, or those of that name or names.

        ``how`` is ``close`` (with the closing handshake), ``reset`` (with a TCP reset), ``vanish``
        (it neither reads nor writes any more, and its socket stays open) or ``silent`` (it stays
        connected, answers pings, and sends nothing any more).
        """
        stage = self._ready()
        leave = one_of("how", Leave, how)
        stage.disconnect(_chosen(which, stage.talking), leave)
        return self.counts()

    def fault(self, backend: str, mode: str, seconds: float = 10) -> Counts:
        """Have a service fail from now on; ``backend`` and ``mode`` as in `ghosts.backends`.

        ``seconds`` is the delay of ``slow`` and the gap of ``trickles``.
        """
        stage = self._ready()
        service = one_of("backend", Backend, backend)
        fault_mode = one_of("mode", FaultMode, mode)
        if duration("seconds", seconds) < MIN_SECONDS:
            raise LabError(f"seconds: {MIN_SECONDS:g} or more is wanted, not {seconds!r}")
        self._end_fault(service)
        self._faults.append(
            Fault(backend=service, mode=fault_mode, start=float(stage.time), seconds=seconds)
        )
        stage.fail(service, fault_mode, seconds)
        return self.counts()

    def heal(self, backend: str) -> Counts:
        """Have a service answer again. What it has swallowed meanwhile stays unanswered."""
        stage = self._ready()
        service = one_of("backend", Backend, backend)
        self._end_fault(service)
        stage.heal(service)
        return self.counts()

    def advance(self, *, minutes: float = 0, seconds: float = 0) -> Counts:
        """Let simulated time go by: whole seconds, up to a day in all."""
        stage = self._ready()
        total = duration("minutes", minutes) * 60 + duration("seconds", seconds)
        if total < 1 or abs(total - round(total)) > 1e-6:
            raise LabError(f"time: whole seconds are wanted, 1 or more, not {total:g}")
        if stage.time + total > MAX_SECONDS:
            raise LabError(f"time: a lab lasts {MAX_SECONDS:,} s, and it is {stage.time:,} s now")
        stage.advance(round(total))
        return self.counts()

    def counts(self) -> Counts:
        """Return what the lab looks like now."""
        stage = self._ready()
        sample = stage.samples[-1]
        return Counts(
            **{field.name: getattr(sample, field.name) for field in fields(sample)},
            crashes=tuple(
                event.detail for event in stage.observer.events if event.kind == "session_crashed"
            ),
        )

    def table(self) -> pd.DataFrame:
        """Return a row for every session that is open, or has left tasks; by uid.

        ``state``: see `ghosts.observation.tracker.State`. ``waits in``: its tasks that are in a
        call to a service; where none is, and its connection is gone, its tasks that are left, the
        handler among them. ``seconds``: how long the longest of these has waited, known from below
        to 15 s. ``audio MiB`` is what it has received and neither stored nor dropped,
        ``memory MiB`` all that it keeps alive.
        """
        stage = self._ready()
        return table(stage.observer, stage.watch)

    def waits(self, uid: str) -> pd.DataFrame:
        """Return a row for every task of a session, its handler first, then by name.

        ``waits in`` is the innermost function of the program that the task is suspended in,
        ``line`` the line there, ``seconds`` how long it has waited, known from below to 15 s.
        """
        stage = self._ready()
        one = self._tracked(uid)
        return waits(one, stage.observer.sessions.tasks().get(one, []), stage.watch)

    def leaks(self) -> pd.DataFrame:
        """Return a row for every session that has ended and is still in memory.

        ``kept by`` is a chain of references that keeps it there.
        """
        return leaks(self._ready().observer)

    def session(self, uid: str) -> Session:
        """Return a session that is open, or has left tasks."""
        session = self._tracked(uid).session()
        if session is None:
            raise LabError(f"uid: of {uid!r} only tasks are left; see lab.tasks({uid!r})")
        return session

    def tasks(self, uid: str) -> list[asyncio.Task[object]]:
        """Return the tasks of such a session that have not ended: its handler, then by name."""
        one = self._tracked(uid)
        tasks = self._stage.observer.sessions.tasks().get(one, [])
        return sorted(tasks, key=lambda task: task is not one.handler)

    def recording(self) -> Recording:
        """Return what has happened so far, in the form that a replay has and figures take.

        Its scenario says when devices came and what failed, not when devices left.
        """
        stage = self._ready()
        return Recording(
            scenario=self._scenario(),
            format=FORMAT,
            lifecycle=self._name,
            scale=TENTH,
            samples=tuple(stage.samples),
            audio=stage.observer.audio(),
            events=tuple(stage.observer.events),
            sessions=stage.observer.sessions_at_end(),
            versions={},
        )

    def plot(self) -> Figure:
        """Draw the gauge against the TCP connections, from the lab's first second until now."""
        return gauge_against_tcp(self.recording())

    def close(self) -> None:
        """End it: drop the devices, stop the pusher and its services. Again, it does nothing."""
        self._close()

    def _tracked(self, uid: str) -> Tracked[Session]:
        for one, _ in self._ready().observer.sessions.states():
            if one.uid == uid:
                return one
        raise LabError(f"uid: no session of {uid!r}")

    def _ready(self) -> Stage:
        if not self._close.alive:
            raise LabError("this lab is closed; make a new one with Lab(...)")
        if self._stage.running:
            raise LabError("a lab cannot be driven from within: a call of it is going on")
        return self._stage

    def _scenario(self) -> Scenario:
        return Scenario(
            name="lab",
            summary="Driven by hand",
            seed=0,
            duration=max(self._stage.time + 1, SAMPLE_EVERY),
            devices=tuple(self._groups),
            faults=tuple(self._faults),
            sample_every=SAMPLE_EVERY,
        )

    def _end_fault(self, backend: Backend) -> None:
        now = float(self._stage.time)
        self._faults = [
            replace(fault, end=now) if fault.backend is backend and fault.end is None else fault
            for fault in self._faults
            if not (fault.backend is backend and fault.start == now)
        ]


def _lifecycle(lifecycle: str | Lifecycle) -> Lifecycle:
    if isinstance(lifecycle, str):
        if lifecycle not in LIFECYCLES:
            raise LabError(f"lifecycle: no {lifecycle!r}; there are: {listed(LIFECYCLES)}")
        return LIFECYCLES[lifecycle]
    if not is_lifecycle(lifecycle):
        raise LabError(f"lifecycle: a name or an async function is wanted, not {lifecycle!r}")
    return lifecycle


def _chosen(which: int | str | Iterable[str], talking: list[str]) -> list[str]:
    """Return the uids of the devices that are meant, all of them connected."""
    if isinstance(which, str):
        which = [which]
    if isinstance(which, Iterable):
        uids = list(which)
        if not uids:
            raise LabError("which: no device is named")
        gone = [uid for uid in uids if uid not in talking]
        if gone:
            raise LabError(f"which: not connected: {listed(map(repr, gone))}")
        return list(dict.fromkeys(uids))
    if whole("which", which) > len(talking):
        raise LabError(f"which: {which} devices are to leave, and {len(talking)} are connected")
    return talking[:which]


def _tens(name: str, seconds: int | None) -> int | None:
    if seconds is not None and whole(name, seconds) % 10:
        raise LabError(f"{name}: a multiple of 10 s is wanted, not {seconds}")
    return seconds


def _uid(number: int) -> str:
    return f"device-{number:03}"
