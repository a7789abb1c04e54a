"""Detects a session's task that does not return to the loop: simulated time does not pass."""

import asyncio
import ctypes
import sys
import sysconfig
import threading
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

from ghosts.observation.ownership import context_of, owner_in
from ghosts.simulation import real_time
from ghosts.simulation.spin import SpinError, place
from tracemalloc_ext.words import function_name, short_path, source_line

_CHECK_EVERY: Final = 0.5
"""Real seconds between two checks of the loop."""
_CPU_SECONDS: Final = 3.0
"""Seconds of the process's processor time in one turn of the loop. Not real time: a session that is
stopped in a debugger takes none, and on a busy machine the limit is only reached later."""
_LIBRARIES: Final = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
"""Folders of libraries. A frame outside of them is shown if there is one."""


class _Interrupted(BaseException):
    """Raised in a task that blocks its loop. Not an Exception, since a task may suppress those."""


class BlockedLoopWatch:
    """A thread that ends a session's task which blocks the loop, and reports where it blocked.

    The thread checks the loop every half second. If one turn has taken 3 s of processor time in a
    task of a session, an exception is raised in that task at its current line, the loop continues,
    and calls ``on_blocked`` with an error that names the line. Other tasks, such as one that
    measures memory, may take longer.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_blocked: Callable[[SpinError], object]
    ) -> None:
        # Weak references: this thread must not keep a loop alive that was never closed.
        self._loop = weakref.ref(loop)
        self._on_blocked = weakref.WeakMethod(on_blocked)
        self.turns = 0
        """Turns of the loop until now."""
        self._thread_of_loop = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="blocked-loop-watch", daemon=True)
        self._thread.start()

    def turn(self) -> None:
        """Record that the loop begins a turn. Called by the loop, in its thread."""
        self.turns += 1
        self._thread_of_loop = threading.get_ident()

    def close(self) -> None:
        """End the thread, and wait for it. A second call does nothing."""
        self._over.set()
        # This thread itself may drop the last reference to the loop, and so close it.
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _watch(self) -> None:
        seen, since = -1, 0.0
        while not self._over.wait(_CHECK_EVERY) and self._loop() is not None:
            turns, cpu = self.turns, real_time.processor_time()
            if turns != seen:
                seen, since = turns, cpu
            elif cpu - since >= _CPU_SECONDS:
                since = cpu  # a task that suppresses the exception is interrupted again later
                self._interrupt_task()

    def _interrupt_task(self) -> None:
        loop = self._loop()
        task = None if loop is None else asyncio.current_task(loop)
        if loop is None or task is None or owner_in(context_of(task)) is None:
            return
        error = SpinError(_in_words(task, sys._current_frames().get(self._thread_of_loop)))
        loop.call_soon_threadsafe(self._report, task, error)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self._thread_of_loop), ctypes.py_object(_Interrupted)
        )

    def _report(self, task: asyncio.Task[Any], error: SpinError) -> None:
        task.add_done_callback(_retrieve)
        on_blocked = self._on_blocked()
        if on_blocked is not None:
            on_blocked(error)


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Retrieve a task's exception, so that asyncio does not log it: it is reported as a spin."""
    if not task.cancelled():
        task.exception()


def _in_words(task: asyncio.Task[Any], innermost: FrameType | None) -> str:
    words = f"task {task.get_name()!r} does not return to the loop, so simulated time does not pass"
    frames = list(_frames_of(task, innermost))
    own = [frame for frame in frames if not frame.f_code.co_filename.startswith(_LIBRARIES)]
    if not frames:
        return words
    frame = (own or frames)[0]
    function, file = function_name(frame.f_code.co_qualname), frame.f_code.co_filename
    source = source_line(file, frame.f_lineno)
    return f"{words}; it is {place(function, short_path(file), frame.f_lineno, source)}"


def _frames_of(task: asyncio.Task[Any], innermost: FrameType | None) -> Iterator[FrameType]:
    """Yield the running frames of a task, from the innermost to that of its coroutine."""
    outermost = getattr(task.get_coro(), "cr_frame", None)
    frame = innermost
    while frame is not None:
        yield frame
        frame = None if frame is outermost else frame.f_back
