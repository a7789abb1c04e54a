"""The frames that a task is suspended in."""

from collections.abc import Iterator
from types import FrameType
from typing import Any

from async_tasks.tasks import AnyTask


def suspended_frames(task: AnyTask) -> Iterator[FrameType]:
    """Yield the frames that ``task`` is suspended in, outermost first.

    The chain of awaits is followed as far as it is Python code. A task that has not started has the
    frame of its function's first line; one that is done, or not written in Python, has no frame.
    """
    awaitable: Any = task.get_coro()
    while (frame := _frame(awaitable)) is not None:
        yield frame
        awaitable = _awaited(awaitable)


def _frame(awaitable: object) -> FrameType | None:
    for attribute in ("cr_frame", "gi_frame", "ag_frame"):
        frame: FrameType | None = getattr(awaitable, attribute, None)
        if frame is not None:
            return frame
    return None


def _awaited(awaitable: object) -> object:
    for attribute in ("cr_await", "gi_yieldfrom", "ag_await"):
        awaited: object = getattr(awaitable, attribute, None)
        if awaited is not None:
            return awaited
    return None
