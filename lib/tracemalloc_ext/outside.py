"""What is kept alive by a holder that Python cannot see: a C library, or the interpreter itself."""

import gc
import inspect
import sys
import traceback
import types
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from tracemalloc_ext.boundary import is_namespace
from tracemalloc_ext.classes import class_module, defines, is_a
from tracemalloc_ext.frames import frame_of, frames_of_other_threads, is_suspended, locals_of

_MOST: Final = 200
"""Objects to ask for. Each time the garbage collector goes through its whole list, once for all
objects of one distance from the target; a service's own objects at such a place are some tens."""


def path_from_outside(target: object, hidden: Iterable[object]) -> list[object]:
    """Return a path down to `target` from an object that is referred to from outside of Python.

    That is an object with more references than the garbage collector and the frames on the stack
    account for. The path is the target alone when it is such an object itself, and empty when
    there is none. To be called when no root leads to the target: what is found up from it is
    neither reached from a module nor from a task.

    Args:
        target: The object.
        hidden: Objects, and classes for all their instances, that are not followed.
    """
    climb = _Climb(target, hidden)
    try:
        return climb.run()
    finally:
        climb.clear()  # it has frames whose variables lead to it: a cycle


class _Climb:
    """A search upwards, level by level.

    No variable and no container but `_met` may refer to what was met while references are counted.
    """

    def __init__(self, target: object, hidden: Iterable[object]) -> None:
        hidden = list(hidden)
        self._hidden = {id(item) for item in hidden}
        self._closed: tuple[type, ...] = (
            *(type, types.ModuleType),  # all that they lead to has been searched
            *(item for item in hidden if is_a(item, type)),
        )
        self._variables: Counter[int] = Counter()
        self._running: set[types.FrameType] = set()
        self._met = [target]
        self._below = [0]
        """By index of what was met: the index of what it refers to, on the way to the target."""

    def run(self) -> list[object]:
        self._variables, self._running = _on_the_stacks()
        start, end = 0, 1
        held_itself = False
        while start < end <= _MOST:
            seen = self._next_level(start, end)
            for index in range(start, end):
                unseen = self._references(index) - seen[index]
                if index == 0:
                    held_itself = unseen > 0
                elif unseen > 0 and not _may_be_of_a_running_frame(self._met[index]):
                    return self._down(index)
            start, end = end, len(self._met)
        return self._down(0) if held_itself else []

    def clear(self) -> None:
        """Forget all frames and objects."""
        self._running.clear()
        self._met.clear()

    def _references(self, index: int) -> int:
        """Return how many references there are, without those of variables and of this search."""
        count = sys.getrefcount(self._met[index])  # one is that of the list, one the argument
        return count - 2 - self._variables[id(self._met[index])]

    def _next_level(self, start: int, end: int) -> Counter[int]:
        """Meet what refers to a level; return by index how many references were met."""
        level = {id(self._met[index]): index for index in range(start, end)}
        known = {id(item): index for index, item in enumerate(self._met)}
        seen: Counter[int] = Counter()
        for referrer in gc.get_referrers(*self._met[start:end]):
            if referrer is self._met or self._is_running(referrer):
                continue
            follow = not self._is_closed(referrer)
            for item in gc.get_referents(referrer) if not is_a(referrer, types.ModuleType) else ():
                index = level.get(id(item))
                if index is None:
                    continue
                seen[index] += 1
                if follow and id(referrer) not in known:
                    known[id(referrer)] = len(self._met)
                    self._met.append(referrer)
                    self._below.append(index)
        return seen

    def _is_running(self, referrer: Any) -> bool:
        if is_suspended(referrer):
            return frame_of(referrer) in self._running
        return type(referrer) is types.FrameType and referrer in self._running

    def _is_closed(self, referrer: object) -> bool:
        closed = id(referrer) in self._hidden or is_a(referrer, *self._closed)
        return closed or (is_a(referrer, dict) and is_namespace(referrer))

    def _down(self, index: int) -> list[object]:
        path = [self._met[index]]
        while index:
            index = self._below[index]
            path.append(self._met[index])
        return path


def _may_be_of_a_running_frame(item: object) -> bool:
    """Return whether an object is what frames refer to beside their variables.

    These references cannot be asked for: a cell, the function that runs, the iterator of a loop,
    the exit of a `with` block.
    """
    if is_a(item, types.CellType, types.FunctionType):
        return True
    if is_a(item, types.MethodType):
        name = getattr(item.__func__, "__name__", "")
        return name in ("__exit__", "__aexit__")
    return class_module(type(item)) in ("builtins", "itertools") and defines(type(item), "__next__")


def _on_the_stacks() -> tuple[Counter[int], set[types.FrameType]]:
    """Return how many variables of running frames refer to an object, by id, and the frames."""
    variables: Counter[int] = Counter()
    # Without the frame of this call: a frame with a variable that refers to itself is a cycle.
    tops = [*frames_of_other_threads().values(), sys._getframe(1)]
    running = {frame for top in tops for frame, _line in traceback.walk_stack(top)}
    for frame in running:
        code = frame.f_code
        if code.co_flags & inspect.CO_OPTIMIZED:  # otherwise its variables are in a dict
            in_cells = {*code.co_cellvars, *code.co_freevars}
            variables.update(
                id(value) for name, value in locals_of(frame).items() if name not in in_cells
            )
    return variables, running
