"""How many bytes an object keeps alive."""

import gc
import sys
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from tracemalloc_ext.arrays import parts_of
from tracemalloc_ext.boundary import Boundary, Step, captured, is_local, is_namespace
from tracemalloc_ext.futures import callbacks_of

K = TypeVar("K", bound=Hashable)

_SHARED: Final = -1
_OUTSIDE: Final = -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained(Generic[K]):
    """Bytes kept alive by several owners, each object counted once.

    Attributes:
        own: By owner, the bytes reached from that owner alone.
        shared: The bytes reached from two or more owners.
    """

    own: Mapping[K, int]
    shared: int

    @property
    def total(self) -> int:
        """Bytes reached from any owner."""
        return sum(self.own.values()) + self.shared


def retained_bytes(*roots: object, exclude: Iterable[object] = ()) -> int:
    """Return the bytes that the roots keep alive together, each object counted once.

    The result is the sum of `sys.getsizeof` over the roots and all objects they reach. Counted are
    also bytes and bytearrays, which the garbage collector does not list, and the locals of frames
    in which a coroutine, generator or task is suspended, down its chain of awaits. Frames are read
    as the collector reads them: no code of the program runs and no snapshot of locals is made.

    The walk stops, without counting, at objects of the process: modules and their namespaces,
    classes, enum members, code, functions defined in a module or class, weak references, context
    variables, None and the booleans; event loops, servers, selectors, executors, threads; objects
    of `logging` or `prometheus_client`. A nested function or lambda is counted, with its closure
    and defaults and without its globals, and so are the values that a context holds for context
    variables. The callbacks of a future are not entered: they belong to the code that awaits it.
    Nor are the callers of a frame that a traceback keeps.

    An array of numpy counts what it hides from the collector: the objects in it, and the array or
    buffer that it is a view of, in full, since the view keeps it in full. A `__sizeof__` written in
    Python is not asked, as it may count parts that are counted by themselves, such as that of
    pandas.

    Any other object that is reached is counted, so exclude what your objects share with the rest of
    the process (a connection pool, the WebSocket server).

    Not seen are the interpreter's inline attribute storage, the locals of a running frame (some are
    seen while it calls another), and what other extension types hide from the collector (their own
    buffers are counted when their `__sizeof__` includes them). The call may be made from another
    thread than the loop's; a concurrent change may or may not be counted.

    Args:
        roots: The objects to start from. A root that is excluded, or at which the walk stops,
            counts 0.
        exclude: Objects, by identity, and classes, for all their instances, at which the walk stops
            as well.
    """
    ledger = _Ledger(owners=1, exclude=exclude)
    for root in roots:
        ledger.charge(root, 0)
    return ledger.own[0]


def retained_by(
    owners: Mapping[K, object], *, exclude: Iterable[object] = (), common: Iterable[object] = ()
) -> Retained[K]:
    """Return the bytes that each owner keeps alive alone, and what they share, in one walk.

    Counting follows the rules of `retained_bytes`. Each object is visited twice at most, so the
    time grows with the number of objects and not with the number of owners.

    Args:
        owners: Objects by key. A tuple makes one owner of several objects, and is counted itself.
        exclude: As in `retained_bytes`.
        common: Objects that the owners are part of, such as the server of the sessions. What these
            reach without passing through an owner belongs to no owner, however many owners there
            are. Excepted are bytes, strings and other objects without references: they belong to
            the owners that reach them by a path of their own, since a service that works on a
            session's data refers to that data as well.
    """
    ledger = _Ledger(owners=len(owners), exclude=exclude)
    ledger.leave_out(common, owners.values())
    for index, root in enumerate(owners.values()):
        ledger.charge(root, index)
    return Retained(own=dict(zip(owners, ledger.own, strict=True)), shared=ledger.shared)


def leaves_of(*roots: object) -> list[object]:
    """Return the objects without references, such as bytes and strings, that the roots reach.

    The walk follows the rules of `retained_bytes`.
    """
    return _Ledger(owners=0, exclude=()).leave_out(roots, ())


class _Ledger:
    """The owner that each object is charged to."""

    def __init__(self, *, owners: int, exclude: Iterable[object]) -> None:
        closed = list(exclude)
        self.own = [0] * owners
        self.shared = 0
        self._steps = Boundary(closed)
        self._owner = {id(item): _OUTSIDE for item in closed}
        # Ids are compared, so nothing that was seen may be freed before the walk ends.
        self._alive: list[object] = [closed]

    def leave_out(self, common: Iterable[object], owners: Iterable[object]) -> list[object]:
        """Close all that `common` reaches without passing through an owner; return the leaves."""
        roots = [part for one in owners for part in (one if type(one) is tuple else (one,))]
        of_owners = {id(root) for root in roots}
        self._alive.append(roots)
        leaves: list[object] = []
        frontier = list(common)
        while frontier:
            self._alive.append(frontier)
            entered: list[object] = []
            extra: list[object] = []
            for item in frontier:
                if id(item) in self._owner or id(item) in of_owners:
                    continue
                step = self._steps.get(id(type(item))) or self._steps.add(type(item))
                if step is Step.STOP:
                    continue
                if step is Step.LEAF or (step is Step.ARRAY and not any(parts_of(item))):
                    leaves.append(item)
                    continue
                if step is Step.REFERENTS:
                    entered.append(item)
                elif not self._enter(item, entered, extra):
                    continue
                self._owner[id(item)] = _OUTSIDE
            frontier = gc.get_referents(*entered)
            frontier += extra
        return leaves

    def charge(self, root: object, index: int) -> None:
        """Charge what the root reaches to owner `index`, or as shared when others reach it too."""
        owner, steps, size = self._owner, self._steps, sys.getsizeof
        stop, leaf, referents = Step.STOP, Step.LEAF, Step.REFERENTS
        sizes = steps.sizes
        frontier = [root]
        while frontier:
            self._alive.append(frontier)
            entered: list[object] = []
            extra: list[object] = []
            for item in frontier:
                key = id(item)
                first = owner.get(key)
                if first is not None and (first == index or first < 0):
                    continue
                step = steps.get(id(type(item))) or steps.add(type(item))
                if step is referents:
                    entered.append(item)
                elif step is not leaf and (step is stop or not self._enter(item, entered, extra)):
                    continue
                own_size = sizes.get(id(type(item)), size)(item)
                if first is None:
                    owner[key] = index
                    self.own[index] += own_size
                else:
                    owner[key] = _SHARED
                    self.own[first] -= own_size
                    self.shared += own_size
            frontier = gc.get_referents(*entered)
            frontier += extra

    def _enter(self, item: Any, entered: list[object], extra: list[object]) -> bool:
        """Enter an object that needs more than its referents; return False when it is closed."""
        step = self._steps[id(type(item))]
        if step is Step.FUNCTION:
            if is_local(item):
                extra += captured(item)
            return is_local(item)
        if step is Step.FRAME:
            extra += (part for part in gc.get_referents(item) if part is not item.f_back)
            return True
        if step is Step.MAPPING:
            if is_namespace(item):
                return False
            extra += dict.keys(item)
        elif step is Step.FUTURE:
            self._leave_out_callbacks(item)
        elif step is Step.ARRAY:
            extra += (part for _words, part in parts_of(item))
        entered.append(item)
        return True

    def _leave_out_callbacks(self, future: object) -> None:
        callbacks = callbacks_of(future)
        self._alive.append(callbacks)
        for entry in (callbacks, *callbacks):
            self._owner[id(entry)] = _OUTSIDE
        for callback, _context in callbacks:
            self._owner[id(callback)] = _OUTSIDE
