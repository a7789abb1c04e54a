"""The clocks that a service reads: simulated while it runs on a simulated loop."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

import time_machine

from ghosts.check.world.checked_loop import CheckedLoop

_REAL_TIME: Final = ("asyncio", "concurrent", "ghosts", "multiprocessing", "queue", "threading")
"""Packages whose clocks stay real: they wait for threads and processes, which take real time."""


@contextmanager
def simulated_clocks(loop: CheckedLoop, on_blocked: Callable[[float], object]) -> Iterator[None]:
    """Make ``time``, ``datetime`` and ``time.sleep`` of this process follow the loop's clock.

    A name that a module has imported, as by ``from time import monotonic``, is replaced as well.
    ``on_blocked`` is called with the seconds of each sleep that blocks the loop. This is for a
    process of its own: other threads see the same clocks.
    """
    started = time.time()
    with time_machine.travel(started, tick=False) as traveller:

        def move(seconds: float) -> None:
            # move_to would reset the time zone at each of some thousand steps.
            traveller._destination_timestamp_ns = int((started + seconds) * 1e9)

        loop.on_time = move
        replace_everywhere(_clocks(loop, on_blocked))
        yield


def _clocks(
    loop: CheckedLoop, on_blocked: Callable[[float], object]
) -> dict[Any, Callable[..., Any]]:
    real_sleep, began = time.sleep, time.monotonic()

    def monotonic() -> float:
        return began + loop.time()

    def monotonic_ns() -> int:
        return int((began + loop.time()) * 1e9)

    def sleep(seconds: float, /) -> None:
        if seconds <= 0:
            real_sleep(seconds)
            return
        if threading.get_ident() == loop.thread_id:
            on_blocked(seconds)
            loop.sleep(seconds)
            return
        woken = threading.Event()
        begin, end = loop.thread_wait()

        def wake() -> None:
            end()
            woken.set()

        # In this order the call counts as one that works until its timer is set, and again from the
        # moment at which that is due: the clock cannot jump in between.
        loop.call_soon_threadsafe(loop.call_later, seconds, wake)
        begin()
        woken.wait()

    return {
        time.monotonic: monotonic,
        time.perf_counter: monotonic,
        time.monotonic_ns: monotonic_ns,
        time.perf_counter_ns: monotonic_ns,
        time.sleep: sleep,
    }


def replace_everywhere(functions: dict[Any, Callable[..., Any]]) -> None:
    """Replace functions in every module that has them by name, but for those that need real time.

    So a name that was imported, as by ``from time import sleep``, is replaced as well.
    """
    for module in list(sys.modules.values()):
        if not isinstance(module, ModuleType) or module.__name__.split(".")[0] in _REAL_TIME:
            continue
        for name, value in list(vars(module).items()):
            if callable(value) and _hashable(value) and value in functions:
                setattr(module, name, functions[value])


def _hashable(value: object) -> bool:
    return isinstance(value, BuiltinFunctionType | FunctionType | type)
