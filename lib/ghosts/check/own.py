"""Which code is the service's own: neither a library's nor ours."""

import os
import sys
import sysconfig
from functools import cache
from types import CodeType, FrameType
from typing import Final

from tracemalloc_ext.words import function_name, short_path

_HERE: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_OURS: Final = tuple(
    os.path.join(_HERE, package) + os.sep
    for package in ("ghosts", "async_tasks", "tracemalloc_ext", "fleet")
)
_INSTALLED: Final = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


@cache
def is_own(filename: str) -> bool:
    """Return whether a file belongs to the service: no library's, none of ours, and a real file."""
    path = os.path.abspath(filename)
    if filename.startswith("<") or path.startswith(_OURS):
        return False
    return not path.startswith(_INSTALLED) and "site-packages" not in path


def own_frame(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of the service's own code, from this frame outwards."""
    while frame is not None and not is_own(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def own_lines(frame: FrameType | None) -> list[tuple[CodeType, int]]:
    """Return the lines of the service's own code from this frame outwards, the innermost first."""
    found = []
    frame = own_frame(frame)
    while frame is not None:
        found.append((frame.f_code, frame.f_lineno))
        frame = own_frame(frame.f_back)
    return found


def caller_in_words() -> str:
    """Return where in the service the running code was called, as in ``app.py:23 in upload``."""
    return frame_in_words(own_frame(sys._getframe(1)))


def frame_in_words(frame: FrameType | None) -> str:
    """Return a frame's place, as in ``app.py:23 in upload``; an empty string for None."""
    if frame is None:
        return ""
    code = frame.f_code
    return f"{_short(code.co_filename)}:{frame.f_lineno} in {function_name(code.co_qualname)}"


def error_in_words(error: BaseException) -> str:
    """Return an exception's type, text, and the line of the service that it came through last."""
    place, trace = "", error.__traceback__
    while trace is not None:
        if is_own(trace.tb_frame.f_code.co_filename):
            code = trace.tb_frame.f_code
            function = function_name(code.co_qualname)
            place = f" (at {_short(code.co_filename)}:{trace.tb_lineno} in {function})"
        trace = trace.tb_next
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{f': {text}' if text else ''}{place}"


_short = cache(short_path)
