"""Looks at the recorder at the end of every moment at which something happens."""

import asyncio
import gc
import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import REGISTRY

from ghosts.check.waits import held_at, in_order
from ghosts.check.world.checked_loop import CheckedLoop
from ghosts.check.world.sessions import Session
from ghosts.check.world.world import World
from ghosts.exercises.catalogue.the_finding.storage import RECEIVED, UPLOAD_SECONDS
from ghosts.exercises.catalogue.the_finding.visits import (
    LATE_SECONDS,
    NOTIFY_SECONDS,
    LeftTask,
    Visited,
    Visits,
    WrongGauge,
)

if TYPE_CHECKING:
    from ghosts.check.world.devices import Device

_SLACK: Final = 0.5
_TIE: Final = 0.1
"""Seconds between a turn and a disconnect, up to which either may have been first."""
_WRONG_SECONDS: Final = 0.01
"""For which the gauge may differ."""


class Observer:
    """Compares gauge and handlers, and finds the tasks that a handler has left when it ends."""

    def __init__(self, world: World, gauge: str) -> None:
        self.visited: dict[int, Visited] = {}
        self.devices: dict[int, Device] = {}
        self.hung_at = math.inf
        self._world = world
        self._gauge = REGISTRY.restricted_registry([gauge])
        self._began: set[int] = set()
        self._ended: set[int] = set()
        self._moment = 0.0
        self._wrong_since = math.inf
        self._wrong_gauge: WrongGauge | None = None
        self._confirmed = False

    def start(self) -> None:
        """Look whenever the clock is about to move, so that no state in between is missed."""
        loop = self._world.loop
        assert isinstance(loop, CheckedLoop)
        before = loop.on_time

        def on_time(now: float) -> None:
            self._look(now)
            self._moment = now
            before(now)

        loop.on_time = on_time

    def _look(self, now: float) -> None:
        """Look at what the last moment has left behind, which lasts until ``now``."""
        sessions = self._world.sessions.all()
        began = {each.device for each in sessions} - self._began
        ended = {each.device for each in sessions if each.ended_at is not None} - self._ended
        self._began |= began
        self._ended |= ended
        for session in sessions:
            if session.device in ended:
                self._note_tasks(session)
        if not self._confirmed:
            self._compare([each for each in sessions if each.is_open], began, ended)
            self._confirmed = now - self._wrong_since > _WRONG_SECONDS

    def _compare(self, handlers: list[Session], began: set[int], ended: set[int]) -> None:
        gauge = self._read_gauge()
        if gauge is None or gauge == len(handlers):
            self._wrong_since, self._wrong_gauge = math.inf, None
        elif self._wrong_gauge is None:
            self._wrong_since = self._moment
            self._wrong_gauge = WrongGauge(
                gauge=gauge,
                handlers=len(handlers),
                connected=sum(device.connected for device in self.devices.values()),
                began=bool(began),
                ended=next((self.visited[each].leaving for each in ended), None),
                cancelling=any(map(self._is_cancelling, handlers)),
            )

    def _is_cancelling(self, session: Session) -> bool:
        """Return whether a task of a session was cancelled, and still runs."""
        tasks = self._world.sessions.tasks(self._world.loop).get(session, [])
        return any(task.cancelling() for task in tasks)

    def _read_gauge(self) -> float | None:
        samples = [each for metric in self._gauge.collect() for each in metric.samples]
        return sum(each.value for each in samples) if samples else None

    def _note_tasks(self, session: Session) -> None:
        """Record the tasks of a session that go on although its handler has ended."""
        world, handler = self._world, session.handler() if session.handler else None
        for task in in_order(world.sessions.tasks(world.loop).get(session, [])):
            created, at = world.created.of(task), held_at(task).places
            if task is handler or not (created or at):
                continue  # it is the server's
            left = LeftTask(
                created_by=created[-1].function if created else "",
                at=at[-1].source if at else "",
                cancelled=bool(task.cancelling()),
            )
            self.visited[session.device].tasks.append(left)
            task.add_done_callback(partial(self._note_end, left, session.ended_at or 0.0))

    def _note_end(self, left: LeftTask, since: float, task: asyncio.Task[Any]) -> None:
        left.seconds = self._world.loop.time() - since

    def read_storage(self) -> None:
        """Record what storage has received of each device by now."""
        for number, visited in self.visited.items():
            of_device = [(at, body.count(bytes([number]))) for at, body in RECEIVED.uploads]
            if visited.hung:
                continue  # it is not judged by its audio
            visited.stored = sum(count for _, count in of_device)
            last_turn = _last_turn(visited)
            visited.stored_when_due = sum(count for at, count in of_device if at < last_turn)
            visited.uploading = any(
                at <= (visited.left_at or math.inf) < at + UPLOAD_SECONDS
                for at, body in RECEIVED.begun
                if bytes([number]) in body
            )

    def note_call(self, device: int) -> None:
        """Record that the session of a device calls the webhook."""
        visited = self.visited[device]
        visited.told_at = visited.told_at or self._world.loop.time()

    def visits(self, told: int, spun: str) -> Visits:
        """Return what the run has shown."""
        gc.collect()
        for number, visited in self.visited.items():
            device, session = self.devices.get(number), self._world.sessions.of_device(number)
            if session is not None:
                visited.ended_at, visited.error = session.ended_at, session.error
                parts = [part() for part in session.parts]
                visited.in_memory = session.ended_at is not None and any(parts)
            if device is not None and (device.refused or device.cut_off_at is not None):
                visited.cut_off = device.refused or device.cut_off
                visited.cut_off_at = device.cut_off_at or visited.arrived_at
        return Visits(
            visited=tuple(self.visited.values()),
            told=told,
            hung_at=self.hung_at,
            wrong_gauge=self._wrong_gauge if self._confirmed else None,
            spun=spun,
        )


def _last_turn(visited: Visited) -> float:
    """Return when the last turn of ``notify`` is due: the first one after the device has left.

    Turns are counted from the session's first call of the webhook, if it has the same rhythm.
    """
    if visited.left_at is None:
        return 0.0
    late = ((visited.told_at or visited.arrived_at) - visited.arrived_at) % NOTIFY_SECONDS
    begin = visited.arrived_at + (late if late <= LATE_SECONDS else 0.0)
    turns = max(0, math.floor((visited.left_at - _TIE - begin) / NOTIFY_SECONDS) + 1)
    return begin + turns * NOTIFY_SECONDS - _SLACK
