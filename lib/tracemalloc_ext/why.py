"""What keeps an object alive: the shortest chain of references, in words."""

import asyncio
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tracemalloc_ext.boundary import Boundary, Step
from tracemalloc_ext.frames import locals_of
from tracemalloc_ext.references import in_words, references
from tracemalloc_ext.words import describe, place

Roots: TypeAlias = list[tuple[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The chain of references from a root down to an object; false when there is none.

    Attributes:
        steps: One description per reference, from the root down.
        target: The description of the object.
        looked_at: How many objects the search visited.
    """

    steps: tuple[str, ...]
    target: str
    looked_at: int

    def __bool__(self) -> bool:
        return bool(self.steps)

    def __str__(self) -> str:
        if not self.steps:
            return f"nothing found that keeps {self.target} ({self.looked_at:,} objects looked at)"
        return " -> ".join([*self.steps, self.target])


def why(
    target: object,
    *,
    loop: asyncio.AbstractEventLoop | None = None,
    roots: Mapping[str, object] | None = None,
    exclude: Iterable[object] = (),
) -> Why:
    """Return the shortest chain of references that keeps `target` alive.

    The search goes down from roots, since the garbage collector cannot list what refers to bytes.
    The first of these that leads to the target is returned:

    1. the tasks of `loop`, within the bounds of `retained_bytes`, with the callbacks of futures;
    2. the loop itself, from here on also through servers, executors, loggers and class attributes:
       timers, connections that no task refers to, work queued for threads;
    3. the locals of frames that run in other threads, within the bounds of step 1;
    4. the globals of all modules, as far as in step 2. In a notebook these include your own
       variables, `Out`, `_` and `sys.last_traceback` (what the kernel's tasks refer to is found in
       step 1).

    The current task and the frames on the caller's stack are never part of the chain. When nothing
    is found, the result is a false `Why`, not an error.

    Step 1 takes milliseconds. Steps 2 and 4 visit the whole process, which takes up to a second in
    a notebook. Reading the attributes of the instances on the chain makes a `__dict__` for each
    before Python 3.13, of some 300 bytes, which stays.

    Args:
        target: The object to search for, by identity.
        loop: The loop whose tasks are searched; by default the running one, if any.
        roots: Objects by name. When given, only those are searched, in the manner of step 1.
        exclude: Objects, and classes for all their instances, through which the search does not go.
    """
    closed = [*exclude, *_asking()]
    looked_at = 0
    for named, whole_process in _rounds(loop, roots):
        search = _Search(target, closed, whole_process=whole_process)
        found = search.run(named)
        looked_at += search.looked_at
        if found:
            return Why(steps=found, target=describe(target), looked_at=looked_at)
    return Why(steps=(), target=describe(target), looked_at=looked_at)


def _rounds(
    loop: asyncio.AbstractEventLoop | None, roots: Mapping[str, object] | None
) -> Iterator[tuple[Roots, bool]]:
    if roots is not None:
        yield list(roots.items()), False
        return
    loop = loop or _running_loop()
    if loop is not None:
        tasks = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
        yield [("", task) for task in tasks], False
        yield [("event loop", loop)], True
    yield list(_locals_of_other_threads()), False
    yield [("", module) for _name, module in sorted(sys.modules.items())], True


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _asking() -> list[object]:
    """Return what runs in this thread: the current task and the frames on the stack."""
    running: list[object] = []
    loop = _running_loop()
    task = asyncio.current_task(loop) if loop else None
    if task is not None:
        running += [task, task.get_coro()]
    return [*running, *(frame for frame, _line in traceback.walk_stack(sys._getframe()))]


def _locals_of_other_threads() -> Iterator[tuple[str, object]]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, top in sorted(sys._current_frames().items()):
        if ident == threading.get_ident():
            continue
        for frame, _line in traceback.walk_stack(top):
            where = f"thread {names.get(ident)!r} in {place(frame.f_code, frame.f_lineno)}"
            for name, value in locals_of(frame).items():
                yield f"{where}, local {name!r}", value


class _Search:
    """One breadth-first search. It records the parent of each object it reaches."""

    def __init__(self, target: object, exclude: list[object], *, whole_process: bool) -> None:
        self.looked_at = 0
        self._target = target
        self._whole_process = whole_process
        self._steps = Boundary(exclude, whole_process=whole_process)
        # Id of an object: the object, kept alive while its id is compared, and its parent's id.
        self._reached: dict[int, tuple[Any, int | None]] = {
            id(item): (item, None) for item in (exclude, *exclude)
        }

    def run(self, roots: Roots) -> tuple[str, ...]:
        """Return the descriptions of the chain, empty when no root leads to the target."""
        names: dict[int, str] = {}
        level: list[object] = []
        for name, root in roots:
            if id(root) in self._reached:
                continue
            self._reached[id(root)] = (root, None)
            names[id(root)] = name
            level.append(root)
            if root is self._target and name:
                return (name,)
        while level:
            self.looked_at += len(level)
            level = self._next(level)
            if level and level[-1] is self._target:
                return self._words(names)
        return ()

    def _next(self, level: list[object]) -> list[object]:
        """Return the objects first reached from a level; the target, if there, comes last."""
        reached, target, steps = self._reached, self._target, self._steps
        found: list[object] = []
        for item in level:
            step = steps[type(item)]
            for child in references(item, step, whole_process=self._whole_process):
                if id(child) in reached:
                    continue
                if child is not target and steps[type(child)] in (Step.STOP, Step.LEAF):
                    continue
                reached[id(child)] = (child, id(item))
                if child is target:
                    return [child]
                found.append(child)
        return found

    def _words(self, names: dict[int, str]) -> tuple[str, ...]:
        path: list[object] = []
        key: int | None = id(self._target)
        while key is not None:
            item, key = self._reached[key]
            path.append(item)
        path.reverse()
        name = names[id(path[0])]
        return (*([name] if name else []), *in_words(path))
