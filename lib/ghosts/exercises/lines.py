"""Which code is the reader's, and a line of it in words."""

import faulthandler
import re
import sysconfig
from pathlib import Path
from tempfile import TemporaryFile
from types import FrameType, TracebackType
from typing import Final, NamedTuple

import ghosts
from tracemalloc_ext import Awaits
from tracemalloc_ext.words import function_name, source_line

_OURS: Final = (
    sysconfig.get_path("stdlib"),
    sysconfig.get_path("purelib"),
    *(str(Path(path).parent) for path in ghosts.__path__),
)

_FRAME: Final = re.compile(r'  File "(.*)", line (\d+) in (.*)')
"""A frame as :mod:`faulthandler` writes it."""


class RunningLine(NamedTuple):
    """The line at which a thread is, of some function."""

    file: str
    number: int
    function: str

    def __str__(self) -> str:
        return line_in_words(self.function, self.number, source_line(self.file, self.number))


def is_readers(filename: str) -> bool:
    """Return whether a file is neither of a library nor of this project."""
    return not filename.startswith((*_OURS, "<frozen"))


def readers_frame(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame that is neither of a library nor of this project."""
    while frame is not None and not is_readers(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def readers_line_in(thread: int) -> RunningLine | None:
    """Return the innermost line of the reader's code that another thread is running, if any.

    The frames of a thread that goes on running are not to be walked with ``f_back`` from here:
    under CPython 3.11 that was seen to lead to objects which are no frames.
    """
    with TemporaryFile("w+", encoding="utf-8") as dump:
        faulthandler.dump_traceback(dump)
        dump.seek(0)
        stacks = dump.read().split("\n\n")
    stack = next((each for each in stacks if f"hread 0x{thread:016x} " in each), "")
    found = (_FRAME.match(line) for line in stack.splitlines())
    lines = (RunningLine(each[1], int(each[2]), each[3]) for each in found if each)
    return next((line for line in lines if is_readers(line.file)), None)


def place_of(frame: FrameType, line: int | None = None) -> str:
    """Return a line in words: ``in my_lifecycle, line 7: time.sleep(30)``."""
    number = frame.f_lineno if line is None else line
    source = source_line(frame.f_code.co_filename, number)
    return line_in_words(function_name(frame.f_code.co_qualname), number, source)


def line_in_words(function: str, number: int, source: str) -> str:
    """Return a function and its line in words; without the colon if there is no source."""
    return f"in {function}, line {number}: {source}".removesuffix(": ")


def line_of(trace: TracebackType | None) -> str:
    """Return the reader's innermost line of a traceback, in words."""
    line = ""
    while trace is not None:
        if is_readers(trace.tb_frame.f_code.co_filename):
            line = place_of(trace.tb_frame, trace.tb_lineno)
        trace = trace.tb_next
    return line


def without_path(words: str) -> str:
    """Return words about a line without the path of its file, which in a notebook is temporary."""
    words = re.sub(r"\btask '(Task-\d+|deliver)'", "the code", words)
    return re.sub(r", at [^:]*:(\d+):", r", line \1:", words)


def suspended_at(task: Awaits) -> str:
    """Return where a task is suspended, in the reader's code if it has a frame there."""
    own = [frame for frame in task.frames if frame.task == task.task]
    frame = next((each for each in reversed(own) if is_readers(each.filename)), task.innermost)
    if frame is None:
        return f"in {task.waits_for}"
    return line_in_words(frame.function, frame.line, frame.source)
