"""Finding a task that does not return to its loop at all, so that the loop stands still."""

import asyncio
import ctypes
import sys
import sysconfig
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

from ghosts.observation.ownership import context_of, owner_in
from ghosts.replay.spin import SpinError
from tracemalloc_ext.words import function_name, short_path, source_line

_LOOK_EVERY: Final = 0.5
"""Real seconds between two looks at the loop."""
_CPU_SECONDS: Final = 3.0
"""Processor time of the process in one turn of the loop. What waits, as a debugger does for its
user, takes none; and a busy machine only makes it come later."""
_LIBRARIES: Final = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
"""Folders; a frame of the program says more than one of these."""


class _GivenUp(BaseException):
    """Raised in a task that blocks its loop. Not an Exception, which the task may well suppress."""


class BlockedLoopWatch:
    """A thread that ends a step of a session's task which goes on and on, and says where it is.

    It looks at a loop every half second. Where a turn of the loop has taken 3 s of processor time,
    in a task of a session, an exception is raised in that task, wherever it is, and the loop goes
    on; ``on_blocked`` is called there. A task of no session, as one that measures, is left alone.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_blocked: Callable[[SpinError], object]
    ) -> None:
        # Of the loop, and of its method, only what does not keep a loop that nobody closes.
        self._loop = weakref.ref(loop)
        self._on_blocked = weakref.WeakMethod(on_blocked)
        self._turns = 0
        self._thread_of_loop = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="blocked-loop-watch", daemon=True)
        self._thread.start()

    def turn(self) -> None:
        """Note that the loop is at the beginning of a turn."""
        self._turns += 1
        self._thread_of_loop = threading.get_ident()

    def close(self) -> None:
        """End the thread, and wait for it. A second call does nothing."""
        self._over.set()
        if self._thread is not threading.current_thread():  # which may be the last to know the loop
            self._thread.join()

    def _watch(self) -> None:
        seen, since = -1, 0.0
        while not self._over.wait(_LOOK_EVERY) and self._loop() is not None:
            turns, cpu = self._turns, time.process_time()
            if turns != seen:
                seen, since = turns, cpu
            elif cpu - since >= _CPU_SECONDS:
                since = cpu  # one that suppresses even this is asked again
                self._give_up_on_the_task()

    def _give_up_on_the_task(self) -> None:
        loop = self._loop()
        task = None if loop is None else asyncio.current_task(loop)
        if loop is None or task is None or owner_in(context_of(task)) is None:
            return
        error = SpinError(_in_words(task, sys._current_frames().get(self._thread_of_loop)))
        loop.call_soon_threadsafe(self._report, task, error)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self._thread_of_loop), ctypes.py_object(_GivenUp)
        )

    def _report(self, task: asyncio.Task[Any], error: SpinError) -> None:
        task.add_done_callback(_retrieve)
        on_blocked = self._on_blocked()
        if on_blocked is not None:
            on_blocked(error)


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Ask for what a task has raised, so that nothing is logged: it has been told of already."""
    if not task.cancelled():
        task.exception()


def _in_words(task: asyncio.Task[Any], innermost: FrameType | None) -> str:
    said = f"task {task.get_name()!r} does not return to the loop, so simulated time stands still"
    frames = list(_frames_of(task, innermost))
    own = [frame for frame in frames if not frame.f_code.co_filename.startswith(_LIBRARIES)]
    if not frames:
        return said
    frame = (own or frames)[0]
    code, line = frame.f_code, frame.f_lineno
    where = f"{short_path(code.co_filename)}:{line}: {source_line(code.co_filename, line)}"
    return f"{said}; it is in {function_name(code.co_qualname)}, at {where}"


def _frames_of(task: asyncio.Task[Any], innermost: FrameType | None) -> Iterator[FrameType]:
    """Yield the running frames from the innermost one out to that of the task's own coroutine."""
    outermost = getattr(task.get_coro(), "cr_frame", None)
    frame = innermost
    while frame is not None:
        yield frame
        frame = None if frame is outermost else frame.f_back
