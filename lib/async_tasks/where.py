"""Say in words where a suspended task waits."""

import asyncio
from pathlib import PurePath
from types import FrameType
from typing import Any


def where(task: asyncio.Task[Any]) -> str:
    """Return the innermost line that ``task`` is suspended at, as ``file.py:12 in function``.

    The answer stops where the chain of awaits leaves Python code.
    """
    awaitable: Any = task.get_coro()
    line = "unknown"
    while (frame := _frame(awaitable)) is not None:
        code = frame.f_code
        line = f"{PurePath(code.co_filename).name}:{frame.f_lineno} in {code.co_qualname}"
        awaitable = _awaited(awaitable)
    return line


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
