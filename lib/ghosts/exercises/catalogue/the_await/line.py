"""Which frame a line names, in each form in which a reader may copy it, and whether it is right."""

import re
from collections.abc import Mapping
from typing import Final

from tracemalloc_ext import AwaitFrame, Awaits

_PLACE: Final = re.compile(
    r"(?:(?P<function>[\w.]+) )?\(?(?P<file>[^\s()]+\.py)(?::|, line )(?P<number>\d+)\)?:?"
    r"(?: (?P<source>.+))?"
)
"""``ghosts/clients/http.py:74``, and a line of `awaits` as it is printed."""
_NUMBER: Final = re.compile(r"(?:line )?\d+")
_NUMBERED: Final = re.compile(r"(?P<number>\d+): (?P<source>.+)")


def wrong_line(line: str, task: str, tasks: Mapping[str, Awaits]) -> str | None:
    """Return why a line is not the innermost of the project in this task; None if it is."""
    chain = tasks[task]
    line = spaced(line)
    named = _named(line, [frame for each in tasks.values() for frame in each.frames])
    if len(named) > 1:
        return (
            "that is a part of several lines at which tasks of the session are suspended. Copy the "
            "whole line."
        )
    if not named:
        return _unnamed(line, chain)
    (frame,) = named
    if frame == chain.innermost:
        return None
    if frame not in chain.frames:
        other = next(name for name, each in tasks.items() if frame in each.frames)
        return f"that line is where the task {other} waits, and it is not the one that is stuck."
    if chain.frames.index(frame) > chain.frames.index(_innermost(chain)):
        return (
            "that line belongs to the HTTP library. Asked for is the innermost line of this "
            "project, which is where a limit can be set."
        )
    return (
        f"that line, in {frame.function}, only waits for the next one: the line asked for is below "
        "it in the chain. Follow the chain of awaits to its innermost line in this project."
    )


def _named(line: str, frames: list[AwaitFrame]) -> list[AwaitFrame]:
    """Return the frames that have this line; if there are none, those that have it as a part.

    Of a statement of several lines a frame has the first, which ends with a bracket.
    """
    equal = [frame for frame in frames if line == spaced(frame.source)]
    begun = [
        frame
        for frame in frames
        if frame.source.endswith("(") and line.startswith(spaced(frame.source))
    ]
    return equal or [frame for frame in frames if _fits(line, frame)] or begun


def _fits(line: str, frame: AwaitFrame) -> bool:
    """Return whether each part of a line is of this frame: function, file, number and source."""
    found = _PLACE.fullmatch(line) or _NUMBERED.fullmatch(line)
    if found is None:
        return line != "" and line in spaced(frame.source)
    parts = found.groupdict()
    return (
        int(parts["number"]) == frame.line
        and _is_end(parts.get("function"), frame.function, ".")
        and _is_same_file(parts.get("file"), frame.file)
        and (parts["source"] or "") in spaced(frame.source)
    )


def _is_same_file(path: str | None, file: str) -> bool:
    return path is None or _is_end(path, file, "/") or _is_end(file, path, "/")


def _is_end(part: str | None, whole: str, separator: str) -> bool:
    return part is None or (separator + whole).endswith(separator + part)


def _unnamed(line: str, chain: Awaits) -> str:
    """Return what is wrong with a line that no frame has."""
    source = spaced(_innermost(chain).source)
    if _NUMBER.fullmatch(line):
        return "a number alone names no line: write the file as well, such as ghosts/file.py:12."
    if _PLACE.fullmatch(line) or _NUMBERED.fullmatch(line):
        return (
            f"no task of the session is suspended at {line!r}. Copy file, number and source as "
            "awaits shows them."
        )
    if source in line:
        return "the line is right, and there is more around it. Copy only that line."
    return "the task is suspended at no such line. Copy the line as it is in the source."


def _innermost(chain: Awaits) -> AwaitFrame:
    frame = chain.innermost
    assert frame is not None
    return frame


def spaced(line: str) -> str:
    """Return a line without its indentation, and with one space wherever it has several."""
    return " ".join(line.split())
