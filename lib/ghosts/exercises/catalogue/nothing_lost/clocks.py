"""The clocks of module ``time``, for code of the reader: they show the simulated time."""

import asyncio
import datetime
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from ghosts.exercises.catalogue.nothing_lost.case import EPOCH
from ghosts.exercises.catalogue.nothing_lost.memory import global_names
from ghosts.exercises.guarded import is_readers

_CLOCKS: Final = {"time": EPOCH, "monotonic": 0.0, "perf_counter": 0.0}
"""Their seconds at the beginning."""


@contextmanager
def simulated_clocks(answer: type) -> Iterator[None]:
    """Let ``time.time()`` and the like be the simulated time, where the reader's code calls them.

    Otherwise a limit of 15 minutes would never be reached, because the simulation takes seconds.
    """
    clocks = {
        getattr(time, name): _simulated(getattr(time, name), _CLOCKS[name]) for name in _CLOCKS
    }
    names = [(vars(time), name) for name in _CLOCKS]
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


def uses_datetime(answer: type) -> bool:
    """Return whether code of an answer uses the class or the module ``datetime``."""
    return any(space[name] in (datetime, datetime.datetime) for space, name in global_names(answer))


def _simulated(clock: Callable[[], float], start: float) -> Callable[[], float]:
    def now() -> Any:
        if not is_readers(sys._getframe(1).f_code.co_filename):
            return clock()
        try:
            return start + asyncio.get_running_loop().time()
        except RuntimeError:  # in a thread without a loop
            return clock()

    return now
