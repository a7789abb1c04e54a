"""The memory that each session keeps alive."""

import asyncio
import weakref
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

from ghosts.observation.tracker import AnySession, Tracked, Tracker
from tracemalloc_ext import retained_by
from tracemalloc_ext.futures import waited_for

S = TypeVar("S", bound=AnySession)
_Task: TypeAlias = asyncio.Task[Any]
_Await: TypeAlias = tuple["weakref.ref[_Task]", "weakref.ref[Any] | None"]

_OF_ANY_OTHER: Final = (Tracked,)
"""Classes that no session owns: the records of the tracker belong to the observer."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A session's size, and what each of its tasks awaited when it was measured."""

    size: int
    held_bytes: int
    awaits: tuple[_Await, ...]

    def holds_for(self, one: Tracked[Any], tasks: Iterable[_Task]) -> bool:
        """Return whether the size is still valid: no task has run, and no audio was added.

        A task that still awaits the same future has not run. A callback can add audio without it.
        """
        if one.held_bytes != self.held_bytes:
            return False
        now = {task: waited_for(task) for task in tasks}
        then = {task(): None if future is None else future() for task, future in self.awaits}
        return None not in now.values() and then == now


class SessionMemory(Generic[S]):
    """Measures how many bytes each session of one service keeps alive by itself.

    These are the objects that are reachable from the session, its connection and its tasks, handler
    included, and from no other session. Objects that the service itself reaches belong to no
    session; ``service`` returns their roots. The tracker and ``observers`` are not followed.
    """

    def __init__(
        self,
        tracker: Tracker[S],
        service: Callable[[], Iterable[object]],
        observers: Iterable[object],
    ) -> None:
        self._tracker = tracker
        self._service = service
        self._observers = (*observers, tracker, self)
        self._measured: weakref.WeakKeyDictionary[Tracked[S], _Measured] = (
            weakref.WeakKeyDictionary()
        )

    def of(
        self,
        sessions: Iterable[Tracked[S]],
        tasks: Mapping[Tracked[S], list[_Task]],
        *,
        cached: bool = False,
    ) -> dict[Tracked[S], int]:
        """Return the bytes that each of ``sessions`` keeps alive, given the tasks of all sessions.

        For a session that is no longer in memory, these are the bytes that its tasks keep alive.
        With ``cached``, a session whose tasks have not run since the last measurement is not walked
        again: the size of a ghost does not change by itself.
        """
        asked = list(sessions)
        changed = {
            one for one in asked if not (cached and self._is_unchanged(one, tasks.get(one, ())))
        }
        if changed:
            self._walk(changed, tasks)
        return {one: self._measured[one].size for one in asked}

    def _is_unchanged(self, one: Tracked[S], tasks: Iterable[_Task]) -> bool:
        measured = self._measured.get(one)
        return measured is not None and measured.holds_for(one, tasks)

    def _walk(self, sessions: Set[Tracked[S]], tasks: Mapping[Tracked[S], list[_Task]]) -> None:
        everyone = {*self._tracker.open, *self._tracker.leaked, *tasks, *sessions}
        roots = {one: _roots(one, tasks.get(one, ())) for one in everyone}
        others = [root for one in everyone - sessions for root in roots[one]]
        sizes = retained_by(
            {one: roots[one] for one in sessions},
            exclude=(*_OF_ANY_OTHER, *self._observers, *self._tracker.constants, *others),
            common=self._service(),
        )
        for one in sessions:
            awaits = tuple(_await(task) for task in tasks.get(one, ()))
            self._measured[one] = _Measured(sizes.own[one], one.held_bytes, awaits)


def _roots(one: Tracked[Any], tasks: Iterable[_Task]) -> tuple[object, ...]:
    session = one.session()
    own = () if session is None else (session, session.connection, session.audio)
    return *own, *tasks


def _await(task: _Task) -> _Await:
    future = waited_for(task)
    return weakref.ref(task), None if future is None else weakref.ref(future)
