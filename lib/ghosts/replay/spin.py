"""Finding what never lets a loop of simulated time idle: its clock moves only then."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from types import CodeType
from typing import Any, Final

from ghosts.observation.ownership import owner_in
from ghosts.observation.tracker import Tracked
from tracemalloc_ext import awaits
from tracemalloc_ext.futures import is_task
from tracemalloc_ext.words import function_name, short_path, source_line

_CHECK_EVERY: Final = 8
"""Turns of the loop between two checks of the clock."""
_MOMENT: Final = 0.2
"""Simulated seconds that count as one moment: pauses of a microsecond do not let time go by."""
_CPU_SECONDS: Final = 2.0
"""Processor time of the thread at one moment, before anything is suspected."""
_REAL_SECONDS: Final = 4.0
"""The same in real time, for what blocks the thread: a busy machine may well take that long."""
_CPU_SECONDS_AGAIN: Final = 0.1
"""Processor time once something has spun: the replay has failed, and only cleans up."""
_WATCHED_TURNS: Final = 32
"""Turns in a row in which only what spins is ready every time: the rest is so in 21 at most."""
_TURNS: Final = 1_024
"""Turns at one moment, after which whatever is ready is taken to be what spins: the busiest moment,
in which hundreds of devices connect, takes some 400."""


class SpinError(RuntimeError):
    """Something never lets the loop idle, so that simulated time cannot go on. It says what."""


class SpinDetector:
    """Counts the turns of a loop at one moment of its clock.

    Once these have taken 2 s of processor time, or 4 s, it notes what is ready in the next 32. What
    is so in each of them spins. After 1,024 turns, so does what is ready in some of them, as two
    tasks are that wake each other. Of what is found, the tasks of sessions are not run any more; if
    that does not end it, other callbacks of sessions, as those of anyio's cancel scopes, and then
    the rest.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._turns = 0
        self._moment = -1.0
        self._since_cpu = self._since = 0.0
        self._limit = _CPU_SECONDS
        self._to_watch = 0
        self._seen: Counter[int] = Counter()
        self._suspects: dict[int, asyncio.Handle] = {}
        self._frozen: dict[int, object] = {}

    def turn(self, ready: Iterable[asyncio.Handle]) -> SpinError | None:
        """Count a turn, in which these handles will run; return an error when it is a spin."""
        self._turns += 1
        if self._frozen:
            self._cancel_frozen(ready)
        if self._to_watch:
            return self._watch(ready)
        if self._turns % _CHECK_EVERY == 0:
            self._check()
        return None

    def _check(self) -> None:
        now, cpu, real = self._loop.time(), time.thread_time(), time.monotonic()
        if self._moment < 0 or now - self._moment >= _MOMENT:
            self._moment, self._since_cpu, self._since, self._turns = now, cpu, real, 0
        elif cpu - self._since_cpu >= self._limit or real - self._since >= _REAL_SECONDS:
            self._to_watch = _WATCHED_TURNS
            self._seen.clear()
            self._suspects.clear()

    def _watch(self, ready: Iterable[asyncio.Handle]) -> SpinError | None:
        handles = {id(_subject(handle)): handle for handle in self._with_timers(ready)}
        self._seen.update(handles.keys())
        self._suspects |= handles
        self._to_watch -= 1
        if self._to_watch:
            return None
        if self._loop.time() - self._moment >= _MOMENT:
            return None
        needed = 1 if self._turns >= _TURNS else _WATCHED_TURNS
        found = [handle for key, handle in self._suspects.items() if self._seen[key] >= needed]
        found = [handle for handle in found if self._may_be_frozen(_subject(handle))]
        if not found:
            return None
        return self._freeze(sorted(found, key=lambda each: -self._seen[id(_subject(each))]), ready)

    def _may_be_frozen(self, subject: object) -> bool:
        """The loop itself accepts all connections, and learns of what threads have done."""
        return subject is not None and subject is not self._loop

    def _freeze(self, found: list[asyncio.Handle], ready: Iterable[asyncio.Handle]) -> SpinError:
        """Run the likeliest of these no more, and say what the first of them is.

        A task is named even where it is not ready every time, as one that a cancel scope wakes.
        """
        likeliest = min(map(_unlikeliness, found))
        found = [handle for handle in found if _unlikeliness(handle) == likeliest]
        woken = [
            handle
            for key, handle in self._suspects.items()
            if is_task(_subject(handle)) and self._seen[key] >= _WATCHED_TURNS // 4
        ]
        error = SpinError(_in_words(min([*found[:1], *woken], key=_unlikeliness)))
        self._frozen |= {id(_subject(handle)): _subject(handle) for handle in found}
        self._cancel_frozen(ready)
        self._suspects.clear()
        self._moment, self._limit = -1.0, _CPU_SECONDS_AGAIN
        return error

    def _cancel_frozen(self, ready: Iterable[asyncio.Handle]) -> None:
        for handle in self._with_timers(ready):
            if id(_subject(handle)) in self._frozen:
                handle.cancel()

    def _with_timers(self, ready: Iterable[asyncio.Handle]) -> list[asyncio.Handle]:
        """Return these and the timers that are due, which the loop only adds after this turn."""
        now = self._loop.time()
        timers: list[asyncio.TimerHandle] = self._loop._scheduled  # type: ignore[attr-defined]
        due = [timer for timer in timers if timer.when() <= now]
        return [handle for handle in (*ready, *due) if not handle.cancelled()]


def _callback(handle: asyncio.Handle) -> Any:
    return handle._callback  # type: ignore[attr-defined]


def _subject(handle: asyncio.Handle) -> object:
    """Return the task that a handle runs, or the future, or the object whose method it calls.

    Otherwise it is the function; None for a handle that has been cancelled.
    """
    callback, arguments = _callback(handle), handle._args
    owner = getattr(callback, "__self__", None)
    if owner is not None:
        return owner
    if arguments and asyncio.isfuture(arguments[0]):  # asyncio's own functions, which all share
        return arguments[0]
    return callback


def _unlikeliness(handle: asyncio.Handle) -> tuple[bool, bool]:
    of_a_session = owner_in(handle._context) is not None  # type: ignore[attr-defined]
    return not of_a_session, not is_task(_subject(handle))


def _in_words(handle: asyncio.Handle) -> str:
    """Say what spins, and at which line; of a callback of a session, also where its handler is."""
    subject = _subject(handle)
    stands_still = "never lets the loop idle, so simulated time stands still"
    if is_task(subject):
        return f"task {subject.get_name()!r} {stands_still}; it is {_place(subject)}"
    name, where = _function_in_words(_callback(handle))
    owner = owner_in(handle._context)  # type: ignore[attr-defined]
    if isinstance(owner, Tracked) and owner.handler is not None:
        where += f"; task {owner.handler.get_name()!r}, whose it is, is {_place(owner.handler)}"
    return f"callback {name} {stands_still}{where}"


def _place(task: asyncio.Task[Any]) -> str:
    """Return where a task itself is suspended, outside of libraries if it is there at all."""
    frame = awaits(task).innermost
    if frame is None:
        return f"in {getattr(task.get_coro(), '__qualname__', 'something')}"
    return f"in {frame.function}, at {frame.file}:{frame.line}: {frame.source}"


def _function_in_words(callback: Callable[..., object]) -> tuple[str, str]:
    while isinstance(callback, partial):
        callback = callback.func
    code = getattr(callback, "__code__", None)
    name = function_name(getattr(callback, "__qualname__", type(callback).__qualname__))
    if not isinstance(code, CodeType):
        return name, ""
    file, line = code.co_filename, code.co_firstlineno
    return name, f"; it is at {short_path(file)}:{line}: {source_line(file, line)}"
