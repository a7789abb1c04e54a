"""How long tasks have been suspended where they are."""

import asyncio
import math
import weakref
from dataclasses import dataclass

from tracemalloc_ext.futures import AnyTask, task_name, waited_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long a task has awaited the same future, in seconds of the loop's clock.

    Attributes:
        task: The name of the task.
        at_least: The lower bound.
        at_most: The upper bound; infinite when the task awaited the future at the first sample.
    """

    task: str
    at_least: float
    at_most: float

    def __str__(self) -> str:
        more = "" if math.isinf(self.at_most) else f", at most {self.at_most:g} s"
        return f"task {self.task!r} has waited at least {self.at_least:g} s{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sighting:
    future: weakref.ref[object]
    first_seen: float
    sample_before: float


class Watch:
    """Record since when each task has awaited its current future.

    A task does not record this itself. Call `sample()` regularly: waiting times are known to within
    the interval between samples. A task that wakes and waits again, such as a polling loop, starts
    from 0. Neither tasks nor futures are kept alive.

    Args:
        loop: The loop whose tasks are watched and whose clock is read; by default the running one.

    Raises:
        RuntimeError: No loop is given and none is running.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._sightings: weakref.WeakKeyDictionary[AnyTask, _Sighting] = weakref.WeakKeyDictionary()
        self._sampled = -math.inf

    def sample(self) -> None:
        """Record which future each task of the loop awaits now."""
        now = self._loop.time()
        sightings: weakref.WeakKeyDictionary[AnyTask, _Sighting] = weakref.WeakKeyDictionary()
        for task in asyncio.all_tasks(self._loop):
            future = waited_for(task)
            if future is None:
                continue
            sighting = self._sightings.get(task)
            if sighting is None or sighting.future() is not future:
                sighting = _Sighting(
                    future=weakref.ref(future), first_seen=now, sample_before=self._sampled
                )
            sightings[task] = sighting
        self._sightings, self._sampled = sightings, now

    def waiting(self, task: AnyTask) -> Waiting:
        """Return how long `task` has waited until now; 0 s to 0 s when it is not waiting."""
        now = self._loop.time()
        future, sighting = waited_for(task), self._sightings.get(task)
        if future is None:
            since, before = now, now
        elif sighting is None or sighting.future() is not future:
            since, before = now, self._sampled
        else:
            since, before = sighting.first_seen, sighting.sample_before
        return Waiting(task=task_name(task), at_least=now - since, at_most=now - before)

    def stuck(self, *, seconds: float) -> list[AnyTask]:
        """Return the tasks that have waited at least `seconds`, the longest first, then by name."""
        waits = {task: self.waiting(task).at_least for task in list(self._sightings)}
        return sorted(
            (task for task, wait in waits.items() if wait >= seconds),
            key=lambda task: (-waits[task], task_name(task)),
        )
