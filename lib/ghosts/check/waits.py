"""Where the tasks of a session are held, in lines of the service's own code."""

import asyncio
import re
import sys
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final

from ghosts.check.own import is_own, own_lines
from ghosts.check.result import Place
from tracemalloc_ext import awaits
from tracemalloc_ext.words import function_name, short_path, source_line

_PAUSE: Final = "asyncio.sleep"
THREADS: Final = ("asyncio.to_thread", "a thread of an executor")
_SEVERAL: Final = ("a gather of", "asyncio.wait", "asyncio.TaskGroup")
"""How a wait for several tasks begins, in the words of ``awaits``."""


def place_of(code: CodeType, line: int) -> Place:
    """Return a line of a function as a place."""
    return Place(
        function_name(code.co_qualname),
        short_path(code.co_filename),
        line,
        source_line(code.co_filename, line),
    )


class Created:
    """Records which lines of the service created each task."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._lines: weakref.WeakKeyDictionary[asyncio.Task[Any], list[tuple[CodeType, int]]] = (
            weakref.WeakKeyDictionary()
        )
        self._causes: weakref.WeakKeyDictionary[asyncio.Task[Any], tuple[CodeType, int]] = (
            weakref.WeakKeyDictionary()
        )
        loop.set_task_factory(self._create)

    def _create(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
    ) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
        lines = self._lines[task] = own_lines(sys._getframe(1))
        parent = asyncio.current_task(loop)
        if lines:
            self._causes[task] = lines[0]
        elif parent is not None and parent in self._causes:
            self._causes[task] = self._causes[parent]
        return task

    def cause_of(self, task: asyncio.Task[Any]) -> Place | None:
        """Return the line of the service that created a task, or one of those it comes from."""
        line = self._causes.get(task)
        return None if line is None else place_of(*line)

    def of(self, task: asyncio.Task[Any]) -> tuple[Place, ...]:
        """Return the service's lines that created a task, the outermost call first."""
        return tuple(place_of(*line) for line in reversed(self._lines.get(task, [])))


@dataclass(frozen=True, slots=True)
class Held:
    """Where a task is held: lines of the service, outermost first, and what the innermost awaits.

    ``in_library`` says whether it is a library, and not the service itself, that waits.
    """

    places: tuple[Place, ...]
    waits_for: str
    in_library: bool

    def in_words(self, unanswered: Sequence[str]) -> str:
        """Return what is waited for: in a client, the one dependency that has not answered."""
        if self.in_library and len(unanswered) == 1:
            return f"an answer of {unanswered[0]}"
        return "" if self.waits_for == "Future" else self.waits_for

    @property
    def is_sending(self) -> bool:
        """Whether it is a call to send that does not return, by what its line says."""
        return bool(self.places) and "send" in self.places[-1].source


def held_at(task: asyncio.Task[Any]) -> Held:
    """Return where a task is held."""
    chain = awaits(task)
    own = tuple(
        Place(frame.function, frame.file, frame.line, frame.source)
        for frame in chain.frames
        if is_own(frame.filename)
    )
    in_library = bool(chain.frames) and not is_own(chain.frames[-1].filename)
    return Held(own, chain.waits_for, in_library or chain.waits_for in THREADS)


def running_in(thread: int) -> tuple[Place, ...]:
    """Return the lines of the service that a thread is in, the outermost first."""
    lines = own_lines(sys._current_frames().get(thread))
    return tuple(place_of(*line) for line in reversed(lines))


def held_below(handler: asyncio.Task[Any], others: Iterable[asyncio.Task[Any]]) -> Held:
    """Return where a session is held: its handler's lines, then those of the task it waits for.

    The chain of a handler ends where it awaits several tasks. It goes on in one of them that waits
    for something other than time: if there is one, in one that sends rather than in one that reads.
    """
    held = held_at(handler)
    if not held.waits_for.startswith(_SEVERAL):
        return held
    below = [held_at(task) for task in in_order(others) if task is not handler]
    inner = [each for each in below if each.places and each.places[-1] not in held.places]
    if not inner:
        return held
    first = min(inner, key=lambda each: (each.waits_for == _PAUSE, not each.is_sending))
    places = held.places + tuple(place for place in first.places if place not in held.places)
    return Held(places, first.waits_for, first.in_library)


def in_order(tasks: Iterable[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Return tasks in the order of their names, in which Task-9 comes before Task-10."""
    return sorted(tasks, key=lambda task: _text_and_numbers(task.get_name()))


def _text_and_numbers(name: str) -> list[str | int]:
    parts = re.split(r"(\d+)", name)  # texts and numbers in turn, so that two names compare
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]
