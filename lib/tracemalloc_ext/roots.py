"""Where a search for what keeps an object alive begins, in the order of the search."""

import asyncio
import contextvars
import gc
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, TypeAlias

from tracemalloc_ext.classes import is_a
from tracemalloc_ext.frames import frames_of_other_threads, locals_of
from tracemalloc_ext.futures import is_task_class
from tracemalloc_ext.words import place

Roots: TypeAlias = list[tuple[str, object]]


def rounds(loop: asyncio.AbstractEventLoop | None) -> Iterator[tuple[Roots, bool]]:
    """Yield the named roots of each round, and whether it enters the whole process."""
    if loop is not None:
        tasks = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
        yield [("", task) for task in tasks], False
        yield [("event loop", loop)], True
    yield list(_locals_of_other_threads()), False
    yield [("", module) for _name, module in sorted(sys.modules.items())], True
    yield [*_callbacks_of_the_interpreter(), *_of_other_loops(loop)], True


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the running event loop, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def asking() -> list[object]:
    """Return what runs in this thread: the current task and the frames on the stack."""
    running: list[object] = []
    loop = running_loop()
    task = asyncio.current_task(loop) if loop else None
    if task is not None:
        running += [task, task.get_coro()]
    return [*running, *(frame for frame, _line in traceback.walk_stack(sys._getframe()))]


def locals_of_this_thread() -> Roots:
    """Return what the variables of the running frames of this thread refer to, without names."""
    frames = (frame for frame, _line in traceback.walk_stack(sys._getframe(1)))
    return [("", value) for frame in frames for value in locals_of(frame).values()]


def _locals_of_other_threads() -> Iterator[tuple[str, object]]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, top in sorted(frames_of_other_threads().items()):
        for frame, _line in traceback.walk_stack(top):
            where = f"thread {names.get(ident)!r} in {place(frame.f_code, frame.f_lineno)}"
            for name, value in locals_of(frame).items():
                yield f"{where}, local {name!r}", value


def _callbacks_of_the_interpreter() -> Iterator[tuple[str, object]]:
    """Yield what C code keeps for later, as far as Python can ask for it.

    What atexit keeps it does not tell. It compares its functions with one to unregister, but a
    function that is equal to anything would be removed by asking.
    """
    for number in sorted(signal.valid_signals()):
        handler = signal.getsignal(number)
        if handler is not None and not is_a(handler, int):
            yield f"handler of {signal.Signals(number).name}", handler
    yield "trace function", sys.gettrace()
    yield "profile function", sys.getprofile()
    for hook in sys.get_asyncgen_hooks():
        yield "hook of async generators", hook


def _of_other_loops(loop: asyncio.AbstractEventLoop | None) -> Iterator[tuple[str, object]]:
    """Yield other event loops, their tasks, and the contexts, which hold context variables."""
    items: list[Any] = gc.get_objects()
    # Each class is looked at once: asked for each object, this would be a third of a whole search.
    classes = {id(cls): cls for cls in map(type, items)}
    loops = {key for key, cls in classes.items() if issubclass(cls, asyncio.AbstractEventLoop)}
    tasks = {key for key, cls in classes.items() if is_task_class(cls)}
    for item in items:
        cls = type(item)
        if cls is contextvars.Context:
            yield "", item
        elif id(cls) in loops and item is not loop:
            yield "another event loop", item
        elif id(cls) in tasks and not item.done():
            yield "", item
