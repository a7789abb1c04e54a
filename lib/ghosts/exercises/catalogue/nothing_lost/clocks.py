"""The clocks of ``time`` and ``datetime``, for code of the reader: they show simulated time."""

import asyncio
import datetime
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from ghosts.exercises.catalogue.nothing_lost.case import EPOCH
from ghosts.exercises.catalogue.nothing_lost.memory import global_names
from ghosts.exercises.lines import is_readers

_CLOCKS: Final = {"time": EPOCH, "monotonic": 0.0, "perf_counter": 0.0}
"""Their seconds at the beginning."""
_REAL: Final = datetime.datetime


@contextmanager
def simulated_clocks(answer: type) -> Iterator[None]:
    """Show simulated time to the reader's code: ``time.time()``, ``datetime.now()`` and so on.

    Otherwise a limit of 15 minutes would never be reached, because the simulation takes seconds.
    """
    clocks: dict[Callable[..., Any], Callable[..., Any]] = {
        getattr(time, name): _simulated(getattr(time, name), _CLOCKS[name]) for name in _CLOCKS
    }
    clocks[datetime.datetime] = _DateTime
    names = [(vars(time), name) for name in _CLOCKS] + [(vars(datetime), "datetime")]
    names += [
        (space, name)
        for space, name in global_names(answer)
        if callable(space[name]) and any(space[name] is clock for clock in clocks)
    ]
    before = [(space, name, space[name]) for space, name in names]
    for space, name, clock in before:
        space[name] = clocks[clock]
    try:
        yield
    finally:
        for space, name, clock in before:
            space[name] = clock


def _simulated(clock: Callable[[], float], start: float) -> Callable[[], float]:
    def now() -> Any:
        seconds = _seconds(sys._getframe(1))
        return clock() if seconds is None else start + seconds

    return now


def _seconds(caller: FrameType) -> float | None:
    """Return the simulated time; None for other code, and in a thread without a loop."""
    if not is_readers(caller.f_code.co_filename):
        return None
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return None


class _AnyDateTime(type):
    """Lets ``isinstance`` accept each ``datetime``, also those made before the check."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL)


class _DateTime(datetime.datetime, metaclass=_AnyDateTime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _at(sys._getframe(1), tz)

    @classmethod
    def today(cls) -> Any:
        return _at(sys._getframe(1), None)

    @classmethod
    def utcnow(cls) -> Any:
        return _at(sys._getframe(1), datetime.UTC).replace(tzinfo=None)


def _at(caller: FrameType, tz: datetime.tzinfo | None) -> datetime.datetime:
    seconds = _seconds(caller)
    return _REAL.now(tz) if seconds is None else _REAL.fromtimestamp(EPOCH + seconds, tz)
