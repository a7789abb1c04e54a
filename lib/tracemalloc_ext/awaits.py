"""Where a task is suspended: the chain of awaits down to the line."""

import asyncio
import os
import re
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tracemalloc_ext.frames import awaited_by, frame_of, is_suspended, locals_of, unwrap
from tracemalloc_ext.futures import (
    AnyFuture,
    AnyTask,
    callbacks_of,
    gathered,
    is_future,
    is_task,
    shielded,
    task_name,
    waited_for,
)
from tracemalloc_ext.words import (
    describe,
    function_name,
    short_path,
    source_line,
)

_ASYNCIO: Final = os.path.dirname(asyncio.__file__) + os.sep
_PACKAGES: Final = ("site-packages", "dist-packages")
_AROUND_ANY: Final = ("wait_for", "_ContextManagerMixin.__aenter__")
"""Functions of asyncio that await what they are given, or another primitive."""
_UNNAMED: Final = re.compile(r"Task-\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitFrame:
    """One suspended frame.

    Attributes:
        task: The name of the task that the frame belongs to.
        function: The qualified name of the function, without the functions it is nested in.
        file: The file, below its entry of `sys.path`.
        line: The line it is suspended at.
        source: That line of the source.
        filename: The file as Python knows it, which may be a path of this machine.
    """

    task: str
    function: str
    file: str
    line: int
    source: str
    filename: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.function} ({self.file}:{self.line}): {self.source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaits:
    """The frames a task is suspended in, and what the innermost awaits.

    Attributes:
        task: The name of the task.
        frames: The frames, outermost first. Where a task awaits another one, the frames of the
            other follow. Frames of asyncio itself at the inner end are left out.
        waits_for: What the innermost frame awaits, such as `asyncio.Event.wait`.
    """

    task: str
    frames: tuple[AwaitFrame, ...]
    waits_for: str

    @property
    def innermost(self) -> AwaitFrame | None:
        """The innermost frame of the task itself, outside installed packages if possible."""
        frames = [frame for frame in self.frames if frame.task == self.task]
        own = [frame for frame in frames if not _is_installed(frame.file)]
        found = own or frames
        return found[-1] if found else None

    def __str__(self) -> str:
        lines = [f"task {self.task!r}"]
        task = self.task
        for frame in self.frames:
            if frame.task != task:
                task = frame.task
                lines.append(f"task {task!r}")
            lines.append(f"  {frame}")
        return "\n".join([*lines, f"waits for {self.waits_for}"])


def awaits(task: AnyTask) -> Awaits:
    """Return the chain of awaits of `task`, down to the line where it is suspended.

    The chain continues through a task that is awaited, directly or with `asyncio.shield` or
    `asyncio.wait_for`, and through a `gather`, an `asyncio.wait` or a `TaskGroup` of which a single
    item is pending. It ends at anything else: a future does not refer to what will resolve it.
    No code of the program runs and none of its local variables is read. The call may be made from
    another thread than the loop's.
    """
    frames: list[AwaitFrame] = []
    waiting, name, seen = task, task_name(task), {id(task)}
    while True:
        suspended = _suspended_frames(waiting)
        future, primitive = _followed(waited_for(waiting), suspended), _take_primitive(suspended)
        frames += (_await_frame(name, frame) for frame in suspended)
        if not is_task(future) or id(future) in seen:
            break
        seen.add(id(future))
        # Until Python 3.11 `wait_for` runs a coroutine in a task of its own, without a name.
        if primitive != "asyncio.wait_for" or not _UNNAMED.fullmatch(task_name(future)):
            name = task_name(future)
        waiting = future
    return Awaits(
        task=task_name(task),
        frames=tuple(frames),
        waits_for=_state(waiting) or primitive or _future_in_words(waited_for(waiting)),
    )


def _followed(future: AnyFuture | None, frames: list[types.FrameType]) -> AnyFuture | None:
    """Return the one task that a task with these frames awaits; otherwise the future it awaits."""
    pending = [] if future is None or is_task(future) else _behind_waiter(frames)
    while future is not None and not is_task(future):
        pending = [one for one in pending or gathered(future) if not one.done()]
        inner = pending[0] if len(pending) == 1 else shielded(future)
        if inner is None:
            break
        future, pending = inner, []
    return future


def _behind_waiter(frames: list[types.FrameType]) -> list[AnyFuture]:
    """Return what the innermost frame awaits, where asyncio put a future of its own between."""
    own = [frame for frame in frames if frame.f_code.co_qualname != "Future.__await__"]
    if not own or not _is_of_asyncio_or_anyio(own[-1].f_code.co_filename):
        return []
    variables: dict[str, Any] = locals_of(own[-1])
    match own[-1].f_code.co_qualname:
        case "wait_for" | "_cancel_and_wait":
            found = [variables["fut"]]
        case "_wait":
            found = list(variables["fs"])
        case "TaskGroup.__aexit__" | "TaskGroup._aexit":
            found = list(variables["self"]._tasks)
        case _:
            found = []
    return [one for one in found if is_future(one)]


def _is_of_asyncio_or_anyio(filename: str) -> bool:
    anyio = getattr(sys.modules.get("anyio"), "__file__", None)
    folders = (_ASYNCIO, os.path.dirname(anyio) + os.sep) if anyio else _ASYNCIO
    return filename.startswith(folders)


def _suspended_frames(task: AnyTask) -> list[types.FrameType]:
    frames = []
    item = unwrap(task.get_coro())
    while is_suspended(item):
        frame = frame_of(item)
        if frame is not None:
            frames.append(frame)
        item = awaited_by(item)
    return frames


def _take_primitive(frames: list[types.FrameType]) -> str | None:
    """Remove asyncio's own frames from the inner end; return the name of the outermost of them."""
    name = None
    while frames and frames[-1].f_code.co_filename.startswith(_ASYNCIO):
        outer = frames.pop().f_code.co_qualname
        if name is None or outer not in _AROUND_ANY:
            # The pure-Python future is awaited through a frame, the C one is not.
            name = outer if outer != "Future.__await__" else None
    return name and f"asyncio.{name}"


def _await_frame(task: str, frame: types.FrameType) -> AwaitFrame:
    code, line = frame.f_code, frame.f_lineno or frame.f_code.co_firstlineno
    return AwaitFrame(
        task=task,
        function=function_name(code.co_qualname),
        file=short_path(code.co_filename),
        line=line,
        source=source_line(code.co_filename, line),
        filename=code.co_filename,
    )


def _is_installed(file: str) -> bool:
    entries = (Path(entry) for entry in sys.path)
    return any((entry / file).exists() for entry in entries if entry.name in _PACKAGES)


def _state(task: AnyTask) -> str | None:
    """Return why a task is not waiting; None when it is."""
    if task.done():
        return "nothing: it is done"
    if task is asyncio.current_task(task.get_loop()):
        return "nothing: it is running"
    future = waited_for(task)
    if future is None or future.done():
        return "nothing: it goes on at the next turn of the loop"
    return None


def _future_in_words(future: AnyFuture | None) -> str:
    children = gathered(future)
    if children:
        done = sum(child.done() for child in children)
        return f"a gather of {len(children)}, {done} done"
    functions = (call for call, _ in callbacks_of(future) if type(call) is types.FunctionType)
    if any("_chain_future" in function.__qualname__ for function in functions):
        return "a thread of an executor"
    return describe(future)
