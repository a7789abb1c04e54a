"""Detects what never lets the simulated loop idle: its clock moves only while it is idle."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from types import CodeType
from typing import Any, Final

from ghosts.errors import GhostsError
from ghosts.observation.ownership import owner_in
from ghosts.observation.tracker import Tracked
from ghosts.simulation import real_time
from tracemalloc_ext import awaits
from tracemalloc_ext.futures import is_task
from tracemalloc_ext.words import function_name, short_path, source_line

NOT_IDLE: Final = "never lets the loop idle, so simulated time does not pass"

_CHECK_EVERY: Final = 8
"""Turns of the loop between two checks of the clock."""
_MOMENT: Final = 0.2
"""Simulated seconds that count as one moment: pauses of a microsecond do not let time pass."""
_CPU_SECONDS: Final = 2.0
"""Seconds of the thread's processor time at one moment, after which a spin is suspected."""
_REAL_SECONDS: Final = 4.0
"""The same in real time, for calls that block the thread. On a busy machine a moment may take this
long without a spin; nothing is then found in the turns that are watched."""
_CPU_SECONDS_AGAIN: Final = 0.1
"""The limit after the first spin: the replay has failed, and only cleans up."""
_WATCHED_TURNS: Final = 32
"""Turns in a row that are watched. Only what spins is ready in each of them: other callbacks are
ready in 21 of them at most."""
_TURNS: Final = 1_024
"""Turns at one moment, after which whatever is ready is taken to spin. The busiest moment, in which
hundreds of devices connect, takes some 400."""


class SpinError(GhostsError, RuntimeError):
    """A task or callback never lets the loop idle, so simulated time does not pass. It is named.

    Attributes:
        tasks: The tasks that were ready again and again, the likeliest cause first.
    """

    def __init__(self, words: str, tasks: tuple[asyncio.Task[Any], ...] = ()) -> None:
        super().__init__(words)
        self.tasks = tasks


class SpinDetector:
    """Counts the turns of a loop at one moment of its clock, and finds what spins.

    Once these turns have taken 2 s of processor time, or 4 s of real time, the next 32 are watched.
    A task or callback that is ready in each of them spins. After 1,024 turns at one moment, one
    that is ready in any of them does: two tasks that wake each other are ready in turn. Of those
    found, the tasks of sessions are frozen (not run any more); if the spin goes on, other callbacks
    of sessions, such as those of anyio's cancel scopes; and then the rest.
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
        """Count a turn in which these handles will run; return an error if a spin was found."""
        self._turns += 1
        if self._frozen:
            self._cancel_frozen(ready)
        if self._to_watch:
            return self._watch(ready)
        if self._turns % _CHECK_EVERY == 0:
            self._check()
        return None

    def _check(self) -> None:
        now, cpu, real = self._loop.time(), real_time.thread_processor_time(), real_time.monotonic()
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
        """Return whether it is not the loop, which accepts connections and wakes up for threads."""
        return subject is not None and subject is not self._loop

    def _freeze(self, found: list[asyncio.Handle], ready: Iterable[asyncio.Handle]) -> SpinError:
        """Freeze the likeliest of these handles, and return an error that names the first.

        A task is named rather than a callback, even if it is not ready in every turn, such as one
        that a cancel scope wakes.
        """
        likeliest = min(map(_unlikeliness, found))
        found = [handle for handle in found if _unlikeliness(handle) == likeliest]
        woken = [
            handle
            for key, handle in self._suspects.items()
            if is_task(_subject(handle)) and self._seen[key] >= _WATCHED_TURNS // 4
        ]
        named = sorted([*found[:1], *woken], key=_unlikeliness)
        tasks = tuple(each for each in map(_subject, named) if is_task(each))
        error = SpinError(_in_words(named[0]), tasks)
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
        """Return the handles that will run: the loop adds timers that are due after this call."""
        now = self._loop.time()
        timers: list[asyncio.TimerHandle] = self._loop._scheduled  # type: ignore[attr-defined]
        due = [timer for timer in timers if timer.when() <= now]
        return [handle for handle in (*ready, *due) if not handle.cancelled()]


def _callback(handle: asyncio.Handle) -> Any:
    return handle._callback  # type: ignore[attr-defined]


def _subject(handle: asyncio.Handle) -> object:
    """Return the task, future or object whose method a handle calls, otherwise its function.

    None for a cancelled handle.
    """
    callback, arguments = _callback(handle), handle._args
    owner = getattr(callback, "__self__", None)
    if owner is not None:
        return owner
    if arguments and asyncio.isfuture(arguments[0]):  # a function shared by all futures
        return arguments[0]
    return callback


def _unlikeliness(handle: asyncio.Handle) -> tuple[bool, bool]:
    of_a_session = owner_in(handle._context) is not None  # type: ignore[attr-defined]
    return not of_a_session, not is_task(_subject(handle))


def _in_words(handle: asyncio.Handle) -> str:
    """Describe what spins, with its line; for a session's callback, with its handler's line too."""
    subject = _subject(handle)
    if is_task(subject):
        return f"task {subject.get_name()!r} {NOT_IDLE}; it is {_place_of(subject)}"
    name, where = _function_in_words(_callback(handle))
    owner = owner_in(handle._context)  # type: ignore[attr-defined]
    if isinstance(owner, Tracked) and owner.handler is not None:
        where += f"; task {owner.handler.get_name()!r}, whose it is, is {_place_of(owner.handler)}"
    return f"callback {name} {NOT_IDLE}{where}"


def _place_of(task: asyncio.Task[Any]) -> str:
    """Return where a task is suspended: outside of installed packages, if it has a frame there."""
    frame = awaits(task).innermost
    if frame is None:
        return f"in {getattr(task.get_coro(), '__qualname__', 'an unknown function')}"
    return place(frame.function, frame.file, frame.line, frame.source)


def place(function: str, file: str, line: int, source: str) -> str:
    """Return a line of a function in words, as the errors of this package give it."""
    return f"in {function}, at {file}:{line}: {source}"


def _function_in_words(callback: Callable[..., object]) -> tuple[str, str]:
    while isinstance(callback, partial):
        callback = callback.func
    code = getattr(callback, "__code__", None)
    name = function_name(getattr(callback, "__qualname__", type(callback).__qualname__))
    if not isinstance(code, CodeType):
        return name, ""
    file, line = code.co_filename, code.co_firstlineno
    return name, f"; it is at {short_path(file)}:{line}: {source_line(file, line)}"
