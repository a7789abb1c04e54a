"""Looks at the recorder at the end of every moment at which something happens."""

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import REGISTRY

from ghosts.check.waits import held_at, in_order
from ghosts.check.world.checked_loop import CheckedLoop
from ghosts.check.world.sessions import Session
from ghosts.check.world.world import World
from ghosts.exercises.catalogue.the_finding.storage import RECEIVED
from ghosts.exercises.catalogue.the_finding.visits import (
    NOTIFY_SECONDS,
    LeftTask,
    Visited,
    Visits,
    WrongGauge,
)

if TYPE_CHECKING:
    from ghosts.check.world.devices import Device

_SLACK: Final = 0.5
_WRONG_SECONDS: Final = 2.0
"""For which the gauge may differ: some lower it before they await the last tasks, some after."""


class Observer:
    """Compares gauge and handlers, and finds the tasks that a handler has left when it ends."""

    def __init__(self, world: World, gauge: str) -> None:
        self.visited: dict[int, Visited] = {}
        self.devices: dict[int, Device] = {}
        self.hung_at = math.inf
        self._world = world
        self._gauge = REGISTRY.restricted_registry([gauge])
        self._ended: set[int] = set()
        self._last_ended: int | None = None
        self._wrong_since: tuple[float, int | None] | None = None
        self._wrong_gauge: WrongGauge | None = None

    def start(self) -> None:
        """Look whenever the clock is about to move, so that no state in between is missed."""
        loop = self._world.loop
        assert isinstance(loop, CheckedLoop)
        before = loop.on_time

        def on_time(now: float) -> None:
            self._look()
            before(now)

        loop.on_time = on_time

    def _look(self) -> None:
        sessions = self._world.sessions.all()
        for session in sessions:
            if session.ended_at is not None and session.device not in self._ended:
                self._ended.add(session.device)
                self._last_ended = session.device
                self._note_tasks(session)
        if self._wrong_gauge is None:
            self._compare(sum(session.is_open for session in sessions))

    def _compare(self, handlers: int) -> None:
        now, gauge = self._world.loop.time(), self._read_gauge()
        if gauge is None or gauge == handlers:
            self._wrong_since = None
            return
        self._wrong_since = self._wrong_since or (now, self._last_ended)
        since, ended = self._wrong_since
        if now - since > _WRONG_SECONDS:
            self._wrong_gauge = WrongGauge(
                gauge=gauge,
                handlers=handlers,
                connected=sum(device.connected for device in self.devices.values()),
                ended=None if ended is None else self.visited[ended].leaving,
            )

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

    def visits(self, told: int, spun: str) -> Visits:
        """Return what the run has shown."""
        for number, visited in self.visited.items():
            device, session = self.devices.get(number), self._world.sessions.of_device(number)
            if session is not None:
                visited.ended_at, visited.error = session.ended_at, session.error
            if device is not None and (device.refused or device.cut_off_at is not None):
                visited.cut_off = device.refused or device.cut_off
                visited.cut_off_at = device.cut_off_at or visited.arrived_at
        return Visits(
            visited=tuple(self.visited.values()),
            told=told,
            hung_at=self.hung_at,
            wrong_gauge=self._wrong_gauge,
            spun=spun,
        )


def _last_turn(visited: Visited) -> float:
    """Return when the last turn of ``notify`` is due: the first one after the device has left."""
    if visited.left_at is None:
        return 0.0
    turns = math.floor((visited.left_at - visited.arrived_at) / NOTIFY_SECONDS) + 1
    return visited.arrived_at + turns * NOTIFY_SECONDS - _SLACK
