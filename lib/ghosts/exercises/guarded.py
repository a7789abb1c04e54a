"""Runs a reader's code on simulated time; code that never returns to the loop is named.

The simulated loop stops code that spins or computes. This module stops the rest: a call that blocks
the thread, and a poll so short that simulated time hardly passes.
"""

import asyncio
import ctypes
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Generic, NoReturn, TypeVar

from ghosts.check.world.threads import sleeps
from ghosts.errors import GhostsError
from ghosts.exercises.lines import (
    RunningLine,
    is_readers,
    line_in_words,
    place_of,
    readers_frame,
    readers_line_in,
    without_path,
)
from ghosts.simulation.clock import SimulatedLoop
from ghosts.simulation.spin import NOT_IDLE, SpinError
from tracemalloc_ext import awaits

T = TypeVar("T")

_EVERY: Final = 0.1
"""Real seconds between two polls of the thread."""
_BLOCKED_POLLS: Final = 25
"""Polls in a row that find the same line of the reader's code, asleep in the kernel: 2.5 s."""
_CPU_SECONDS: Final = 8.0
"""Of processor time that one turn of the loop may take. A whole run takes one, as a rule."""
_TURNS: Final = 200_000
_TURNS_A_SECOND: Final = 10
"""Turns of the loop that a run may take, with this many more for each simulated second. An ordinary
run takes 30,000; a session that polls five times a second for a day, 200,000. Not processor time:
that of a busy or slow machine is a multiple."""


class StuckError(GhostsError):
    """The code never returned to the loop, or not often enough. Its text says which line."""


class _Stopped(BaseException):
    """Raised in code that is to end. Not an Exception, since the code may suppress those."""


class Guard(Generic[T]):
    """One run in a thread of its own. ``seconds`` is how far its simulated time has come."""

    def __init__(self, run: Callable[[], T]) -> None:
        self._run = run
        self._outcome: list[T | BaseException] = []
        self._loop: SimulatedLoop | None = None
        self._thread = threading.Thread(target=self._target, name="exercise", daemon=True)
        self._polls = 0
        self._at: RunningLine | None = None

    def enter_loop(self) -> None:
        """Tell the guard which loop to watch. To be called in that loop, when it begins."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        self._loop, on_spin = loop, loop.on_spin
        loop.on_spin = lambda error: on_spin(_of_reader(error))

    def result(self, on_progress: Callable[[float], object]) -> T:
        """Run to the end and return the result, or raise what was raised.

        Raises:
            StuckError: the run was stopped; it is left to end by itself if it blocks its thread.
        """
        try:
            with self._no_sleep():
                self._watch(on_progress)
        except BaseException:  # an interrupt, or blocked: nothing of it may go on in the background
            self._stop("interrupted")
            raise
        return self._result()

    def _watch(self, on_progress: Callable[[float], object]) -> None:
        self._thread.start()
        limit, before = _TURNS, 0.0
        seen, since = -1, time.process_time()
        while self._thread.is_alive():
            self._thread.join(_EVERY)
            now, turns = (0.0, 0) if self._loop is None else (self._loop.time(), self._loop.turns)
            on_progress(now)
            self._poll()
            # Where no time passes at all, the loop itself finds what spins.
            if now > before and turns > limit + _TURNS_A_SECOND * now:
                if limit > _TURNS:
                    self._give_up()
                limit += _TURNS // 2
                self._stop(
                    f"simulated time has come to {now:.0f} s in {turns:,} turns of the event loop: "
                    "something polls in steps that are too short"
                )
            before = now
            if turns != seen:
                seen, since = turns, time.process_time()
            elif time.process_time() - since > _CPU_SECONDS:
                self._give_up()

    def _give_up(self) -> NoReturn:
        """Interrupt code that computes and never returns to its loop, and raise StuckError."""
        thread = ctypes.c_ulong(self._thread.ident or 0)
        line = readers_line_in(self._thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_Stopped))
        where = "" if line is None else f" {line}"
        raise StuckError(f"the event loop is blocked{where}")

    @contextmanager
    def _no_sleep(self) -> Iterator[None]:
        """Let time.sleep end the run instead of stopping its thread, which nothing could end."""
        sleep = time.sleep

        def refuse(seconds: Any) -> None:
            loop = self._loop
            if threading.current_thread() is not self._thread or loop is None:
                return sleep(seconds)
            frame = readers_frame(sys._getframe(1))
            where = "" if frame is None else place_of(frame)
            loop.call_soon(loop.on_spin, SpinError(f"the event loop is blocked {where}"))
            raise _Stopped

        time.sleep = refuse
        try:
            yield
        finally:
            time.sleep = sleep

    def _target(self) -> None:
        # A run collects garbage at each of its samples if a session that has ended is in memory.
        # Among all objects of a notebook that takes minutes; what is frozen is not searched.
        with frozen_heap():
            try:
                self._outcome.append(self._run())
            except BaseException as error:
                self._outcome.append(error)

    def _result(self) -> T:
        outcome = self._outcome[0]
        if isinstance(outcome, SpinError):
            raise StuckError(without_path(str(outcome))) from None
        if isinstance(outcome, asyncio.CancelledError):
            raise StuckError("tasks were cancelled that are none of the session's own")
        if isinstance(outcome, BaseException) and not isinstance(outcome, Exception):
            raise StuckError(f"{type(outcome).__name__} was raised, which ends the whole program")
        if isinstance(outcome, RuntimeError) and str(outcome).startswith("Event loop stopped"):
            raise StuckError("the event loop was stopped, as by `loop.stop()`") from None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _poll(self) -> None:
        """Raise StuckError if a line of the reader's code has blocked the thread for seconds."""
        at = readers_line_in(self._thread.ident or 0)
        again = at is not None and at == self._at and sleeps(self._thread.native_id or 0)
        self._polls = self._polls + 1 if again else 0
        self._at = at
        if at is not None and self._polls >= _BLOCKED_POLLS:
            raise StuckError(f"the event loop is blocked {at}")

    def _stop(self, words: str) -> None:
        loop = self._loop
        if loop is None:
            return
        with suppress(RuntimeError):  # it has been closed meanwhile
            loop.call_soon_threadsafe(lambda: loop.on_spin(SpinError(words)))


@contextmanager
def frozen_heap() -> Iterator[None]:
    """Exempt the objects that there are now from garbage collections, meanwhile."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _of_reader(error: SpinError) -> SpinError:
    """Return the error of a spin with the line of the reader's code that takes part in it."""
    for task in error.tasks:
        frames = [each for each in awaits(task).frames if is_readers(each.filename)]
        if frames:
            at = frames[-1]
            where = line_in_words(at.function, at.line, at.source)
            return SpinError(f"task {task.get_name()!r} {NOT_IDLE}; it is {where}")
    return error
