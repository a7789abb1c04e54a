"""What keeps an object alive: the shortest chain of references, in words."""

import asyncio
import gc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracemalloc_ext.boundary import Boundary, Step
from tracemalloc_ext.outside import path_from_outside
from tracemalloc_ext.references import in_words, references
from tracemalloc_ext.roots import Roots, asking, locals_of_this_thread, rounds, running_loop
from tracemalloc_ext.words import describe, without_addresses

_OUTSIDE: Final = "alive, and the holder is outside what Python can see"


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The chain of references from a root down to an object; false when there is none.

    Attributes:
        steps: One description per reference, from the root down.
        target: The description of the object.
        looked_at: How many objects the search visited.
        outside: Whether something refers to the first object of the chain, or to the target if
            there is no chain, that Python cannot see.
    """

    steps: tuple[str, ...]
    target: str
    looked_at: int
    outside: bool = False

    def __bool__(self) -> bool:
        return bool(self.steps)

    def __str__(self) -> str:
        if self.steps:
            return " -> ".join([*([_OUTSIDE] if self.outside else []), *self.steps, self.target])
        found = (
            f"{self.target} is {_OUTSIDE}"
            if self.outside
            else (f"nothing found that keeps {self.target}")
        )
        return f"{found} ({self.looked_at:,} objects looked at)"


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
       step 1);
    5. as far as in step 2, what the interpreter keeps for later, such as signal handlers; other
       event loops and their tasks; contexts, with the values of context variables;
    6. upwards from the target, an object with more references than Python can see: a function that
       is registered with atexit, a transport of uvloop, a buffer in use by C code.

    The current task and the frames on the caller's stack are never part of the chain. When nothing
    is found, the result is a false `Why`, not an error; None is not searched for.

    No code of the program runs, also no `repr` of a key. Step 1 takes milliseconds. Steps 2, 4 and
    5 visit the whole process, which takes up to a second in a notebook, and step 6 goes through the
    garbage collector's list some times; what is exempt from collections (`gc.freeze`) is missed
    there. Reading the attributes of the instances on the chain makes a `__dict__` for each before
    Python 3.13, of some 300 bytes, which stays.

    Args:
        target: The object to search for, by identity.
        loop: The loop whose tasks are searched; by default the running one, if any.
        roots: Objects by name. When given, only those are searched, in the manner of step 1.
        exclude: Objects, and classes for all their instances, through which the search does not go.
    """
    if target is None:  # what a dead weak reference gives
        return Why(steps=(), target="None", looked_at=0)
    closed = [*exclude, *asking()]
    try:
        return _answer(target, loop, roots, exclude, closed)
    finally:
        # The frame of this call is in it. Left in a cycle, all variables of its callers would stay
        # alive until a collection (test_asking_keeps_nothing_alive).
        closed.clear()


def _answer(
    target: object,
    loop: asyncio.AbstractEventLoop | None,
    roots: Mapping[str, object] | None,
    exclude: Iterable[object],
    closed: list[object],
) -> Why:
    if roots is not None:
        return _why(target, *_down(target, [(list(roots.items()), False)], closed))
    steps, looked_at = _down(target, rounds(loop or running_loop()), closed)
    path = [] if steps else path_from_outside(target, closed)
    if len(path) == 1 and not gc.is_tracked(target):
        # The garbage collector does not list all that refers to such an object, as to bytes.
        asker, _ = _down(target, [(locals_of_this_thread(), False)], [*exclude])
        path = [] if asker else path
    return _why(target, steps or tuple(in_words(path)), looked_at, outside=bool(path))


def _down(
    target: object, named: Iterable[tuple[Roots, bool]], closed: list[object]
) -> tuple[tuple[str, ...], int]:
    """Return the chain of the first round that leads to the target, and how much was visited."""
    # What one round has visited, the next round of the same bounds need not visit again.
    searches = {whole: _Search(target, closed, whole_process=whole) for whole in (False, True)}
    steps: tuple[str, ...] = ()
    for roots, whole_process in named:
        steps = searches[whole_process].run(roots)
        if steps:
            break
    return steps, sum(search.looked_at for search in searches.values())


def _why(target: object, steps: tuple[str, ...], looked_at: int, *, outside: bool = False) -> Why:
    return Why(
        steps=tuple(map(without_addresses, steps)),
        target=without_addresses(describe(target)),
        looked_at=looked_at,
        outside=outside,
    )


class _Search:
    """A breadth-first search. It records the parent of each object it reaches."""

    def __init__(self, target: object, exclude: list[object], *, whole_process: bool) -> None:
        self.looked_at = 0
        self._target = target
        self._whole_process = whole_process
        self._steps = Boundary(exclude, definitions=True, whole_process=whole_process)
        self._names: dict[int, str] = {}
        # Id of an object: the object, kept alive while its id is compared, and its parent's id.
        self._reached: dict[int, tuple[Any, int | None]] = {
            id(item): (item, None) for item in (exclude, *exclude)
        }

    def run(self, roots: Roots) -> tuple[str, ...]:
        """Return the descriptions of the chain, empty when no root leads to the target."""
        level: list[object] = []
        for name, root in roots:
            if root is self._target and name:
                return (name,)
            # A target that is a root, such as a task, may be kept by another root.
            if root is self._target or id(root) in self._reached:
                continue
            self._reached[id(root)] = (root, None)
            self._names[id(root)] = name
            level.append(root)
        while level:
            self.looked_at += len(level)
            level = self._next(level)
            if level and level[-1] is self._target:
                return self._words()
        return ()

    def _next(self, level: list[object]) -> list[object]:
        """Return the objects first reached from a level; the target, if there, comes last."""
        reached, target, steps = self._reached, self._target, self._steps
        found: list[object] = []
        for item in level:
            step = steps.get(id(type(item))) or steps.add(type(item))
            for child in references(item, step, whole_process=self._whole_process):
                key = id(child)
                if key in reached:
                    continue
                if child is not target:
                    step_of_child = steps.get(id(type(child))) or steps.add(type(child))
                    if step_of_child in (Step.STOP, Step.LEAF):
                        continue
                reached[key] = (child, id(item))
                if child is target:
                    return [child]
                found.append(child)
        return found

    def _words(self) -> tuple[str, ...]:
        path: list[object] = []
        key: int | None = id(self._target)
        while key is not None:
            item, key = self._reached[key]
            path.append(item)
        path.reverse()
        name = self._names[id(path[0])]
        return (*([name] if name else []), *in_words(path))
