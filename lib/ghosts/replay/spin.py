"""Finding what never lets a loop of simulated time idle: its clock moves only then."""

import asyncio
import time
from collections import Counter, deque
from typing import Any, Final

from tracemalloc_ext import awaits
from tracemalloc_ext.futures import is_task

_CHECK_EVERY: Final = 64
"""Turns of the loop between two checks of the clock."""
_TURNS: Final = 2_048
"""Turns at one moment before anything is suspected. The busiest moment of the scenarios here takes
some 200; one in which 2,000 devices connect, hardly more, for they connect side by side."""
_CPU_SECONDS: Final = 3.0
"""Processor time of the thread at one moment, before anything is suspected: a busy machine takes
longer for a turn, but no more processor time."""
_CPU_SECONDS_AGAIN: Final = 0.1
"""The same once something has spun: the replay has failed, and only cleans up."""
_WATCHED_TURNS: Final = 32
"""Turns in which whatever is ready then is taken to be what spins."""


class SpinError(RuntimeError):
    """Something never lets the loop idle, so that simulated time cannot go on. It says what."""


class SpinDetector:
    """Counts the turns of a loop at one moment of its clock.

    After 2,048 turns and 4 s of processor time it notes what is ready in the next 32 turns. By then
    nothing else is left to do at that moment, so that is what spins: a task, or an object whose
    method calls itself again and again, as a cancel scope of anyio does. It is not run any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._turns = 0
        self._moment = -1.0
        self._since = 0.0
        self._limit = _CPU_SECONDS
        self._to_watch = 0
        self._seen: Counter[int] = Counter()
        self._suspects: dict[int, object] = {}
        self._frozen: dict[int, object] = {}

    def turn(self, ready: "deque[asyncio.Handle]") -> SpinError | None:
        """Count a turn, in which these handles will run; return an error when it is a spin."""
        if self._frozen:
            self._leave_out_frozen(ready)
        self._turns += 1
        if self._to_watch:
            return self._watch(ready)
        if self._turns % _CHECK_EVERY == 0:
            self._check()
        return None

    def _check(self) -> None:
        now, cpu = self._loop.time(), time.thread_time()
        if now != self._moment:
            self._moment, self._since, self._turns = now, cpu, 0
        elif self._turns >= _TURNS and cpu - self._since >= self._limit:
            self._to_watch = _WATCHED_TURNS
            self._seen.clear()
            self._suspects.clear()

    def _watch(self, ready: "deque[asyncio.Handle]") -> SpinError | None:
        subjects = {id(subject): subject for subject in map(_subject, ready)}
        self._seen.update(subjects.keys())
        self._suspects |= subjects
        self._to_watch -= 1
        if self._to_watch:
            return None
        self._moment, self._limit = -1.0, _CPU_SECONDS_AGAIN
        self._frozen |= self._suspects
        self._leave_out_frozen(ready)
        found = sorted(self._suspects.values(), key=lambda each: -self._seen[id(each)])
        return SpinError(_in_words(next(filter(is_task, found), found[0])))

    def _leave_out_frozen(self, ready: "deque[asyncio.Handle]") -> None:
        kept = [handle for handle in ready if id(_subject(handle)) not in self._frozen]
        ready.clear()
        ready.extend(kept)


def _subject(handle: asyncio.Handle) -> object:
    """Return the task that a handle runs, or the object whose method it calls, or the function."""
    callback: Any = handle._callback  # type: ignore[attr-defined]
    owner = getattr(callback, "__self__", None)
    return callback if owner is None else owner


def _in_words(subject: object) -> str:
    """Say what spins, and at which line."""
    if not is_task(subject):
        return f"{type(subject).__qualname__} never lets the loop idle: simulated time stands still"
    frames = [one for one in awaits(subject).frames if one.task == subject.get_name()]
    where = "".join(
        f" in {one.function}, at {one.file}:{one.line}: {one.source}" for one in frames[-1:]
    )
    name = f"task {subject.get_name()!r}"
    return f"{name} never lets the loop idle, so simulated time stands still; it is{where}"
