"""Where a task is suspended: the chain of awaits down to the line."""

import asyncio
import os
import sysconfig
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracemalloc_ext.frames import SUSPENDED, awaited_by, frame_of, unwrap
from tracemalloc_ext.futures import (
    AnyFuture,
    AnyTask,
    callbacks_of,
    gathered,
    is_task,
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
_PACKAGES: Final = Path(sysconfig.get_path("purelib"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitFrame:
    """One suspended frame.

    Attributes:
        task: The name of the task that the frame belongs to.
        function: The qualified name of the function, without the functions it is nested in.
        file: The file, below its entry of `sys.path`.
        line: The line it is suspended at.
        source: That line of the source.
    """

    task: str
    function: str
    file: str
    line: int
    source: str

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
        own = [frame for frame in frames if not (_PACKAGES / frame.file).exists()]
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

    The chain continues through a task that is awaited, and through a `gather` of which a single
    item is pending. It ends at anything else: a future does not refer to what will resolve it.
    No code of the program runs and no local variable is read. The call may be made from another
    thread than the loop's.
    """
    frames: list[AwaitFrame] = []
    for waiting in _tasks_down(task):
        suspended = _suspended_frames(waiting)
        primitive = _take_primitive(suspended)
        frames += (_await_frame(waiting, frame) for frame in suspended)
    return Awaits(
        task=task_name(task),
        frames=tuple(frames),
        waits_for=_state(waiting) or primitive or _future_in_words(waited_for(waiting)),
    )


def _tasks_down(task: AnyTask) -> Iterator[AnyTask]:
    """Yield the task, the task it awaits, and so on."""
    seen: set[int] = set()
    following: AnyTask | None = task
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        future = waited_for(following)
        pending = [child for child in gathered(future) if not child.done()]
        if len(pending) == 1:
            future = pending[0]
        following = future if is_task(future) else None


def _suspended_frames(task: AnyTask) -> list[types.FrameType]:
    frames = []
    item = unwrap(task.get_coro())
    while isinstance(item, SUSPENDED):
        frame = frame_of(item)
        if frame is not None:
            frames.append(frame)
        item = awaited_by(item)
    return frames


def _take_primitive(frames: list[types.FrameType]) -> str | None:
    """Remove asyncio's own frames from the inner end; return the name of the outermost of them."""
    name = None
    while frames and frames[-1].f_code.co_filename.startswith(_ASYNCIO):
        code = frames.pop().f_code
        # The pure-Python future is awaited through a frame, the C one is not.
        name = code.co_qualname if code.co_qualname != "Future.__await__" else None
    return name and f"asyncio.{name}"


def _await_frame(task: AnyTask, frame: types.FrameType) -> AwaitFrame:
    code, line = frame.f_code, frame.f_lineno or frame.f_code.co_firstlineno
    return AwaitFrame(
        task=task_name(task),
        function=function_name(code.co_qualname),
        file=short_path(code.co_filename),
        line=line,
        source=source_line(code.co_filename, line),
    )


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
    if any(
        "_chain_future" in getattr(call, "__qualname__", "") for call, _ in callbacks_of(future)
    ):
        return "a thread of an executor"
    return describe(future)
