"""Where a walk over references stops, and how it enters each kind of object."""

import asyncio
import builtins
import concurrent.futures
import contextvars
import enum
import gc
import selectors
import threading
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any, Final

from tracemalloc_ext.arrays import is_array
from tracemalloc_ext.classes import bases, class_flags, class_module, is_a
from tracemalloc_ext.futures import is_future_class
from tracemalloc_ext.sizes import sizer_of

_TRACKS_REFERENCES: Final = 1 << 14  # Py_TPFLAGS_HAVE_GC: the type reports its referents

_CODE: Final = (
    types.CodeType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.NoneType,
    types.EllipsisType,
    types.NotImplementedType,
    bool,
)
_DEFINITIONS: Final = (
    property,
    staticmethod,
    classmethod,
    enum.Enum,
    contextvars.ContextVar,
    weakref.ReferenceType,
)
_PROCESS: Final = (
    type,
    types.ModuleType,
    asyncio.AbstractEventLoop,
    asyncio.AbstractServer,
    selectors.BaseSelector,
    concurrent.futures.Executor,
    threading.Thread,
)
_PROCESS_PACKAGES: Final = frozenset({"logging", "prometheus_client"})


class Step(enum.Enum):
    """What a walk does with an object."""

    STOP = enum.auto()
    """Neither counted nor entered."""
    LEAF = enum.auto()
    """Counted; refers to nothing, as bytes and strings do."""
    REFERENTS = enum.auto()
    """Entered through the referents that the garbage collector visits."""
    MAPPING = enum.auto()
    """As REFERENTS, plus its keys: the collector leaves out keys that are strings."""
    FUNCTION = enum.auto()
    """Entered through its closure and defaults, never through its globals."""
    FRAME = enum.auto()
    """As REFERENTS, without the calling frame, which belongs to the caller."""
    FUTURE = enum.auto()
    """As REFERENTS; its callbacks belong to the code that awaits it."""
    ARRAY = enum.auto()
    """As REFERENTS, plus what numpy hides from the collector: its base, its objects."""


class Boundary(dict[int, Step]):
    """The step for each class, by its id, added once per walk: `get(id(cls)) or add(cls)`.

    By id, since a metaclass may define when classes are equal.

    Attributes:
        sizes: By the id of a class, what to call for a size instead of `sys.getsizeof`.

    Args:
        exclude: Classes whose instances are closed. Objects that are not classes are ignored here.
        definitions: Whether what is written in classes and modules is entered as well: properties,
            members of enums, weak references for their callbacks, context variables for their
            defaults.
        whole_process: Whether modules, event loops, loggers and the like are entered.
    """

    # A table per walk and not one of the process, which would keep every class alive that was ever
    # met, also one defined in a notebook cell or a test.

    def __init__(
        self,
        exclude: Iterable[object] = (),
        *,
        definitions: bool = False,
        whole_process: bool = False,
    ) -> None:
        super().__init__()
        self.sizes: dict[int, Callable[[Any], int]] = {}
        self._whole_process = whole_process
        self._added: list[type] = []
        self._closed = {
            id(cls)
            for cls in (
                *_CODE,
                *(() if definitions else _DEFINITIONS),
                *(() if whole_process else _PROCESS),
                *(item for item in exclude if is_a(item, type)),
            )
        }

    def add(self, cls: type) -> Step:
        """Return the step for a class that is met for the first time."""
        self._added.append(cls)  # kept alive, so that its id stays its own
        sizer = sizer_of(cls)
        if sizer is not None:
            self.sizes[id(cls)] = sizer
        step = self[id(cls)] = self._classify(cls)
        return step

    def _classify(self, cls: type) -> Step:
        if not self._closed.isdisjoint(map(id, bases(cls))):
            return Step.STOP
        if not self._whole_process and class_module(cls).partition(".")[0] in _PROCESS_PACKAGES:
            return Step.STOP
        if is_array(cls):
            return Step.ARRAY
        if not class_flags(cls) & _TRACKS_REFERENCES:
            return Step.LEAF
        if issubclass(cls, dict):
            return Step.MAPPING
        if issubclass(cls, types.FunctionType):
            return Step.FUNCTION
        if issubclass(cls, types.FrameType):
            return Step.FRAME
        return Step.FUTURE if is_future_class(cls) else Step.REFERENTS


def is_namespace(mapping: dict[object, object]) -> bool:
    """Return whether code runs, or ran, with this mapping as its globals."""
    return dict.__contains__(mapping, "__builtins__")


def is_local(function: types.FunctionType) -> bool:
    """Return whether a function was made at run time: nested in another one, or a lambda."""
    return "<" in function.__qualname__


def captured(function: types.FunctionType) -> list[object]:
    """Return what a function keeps alive: closure, defaults, keyword defaults, attributes."""
    known = [function.__closure__, function.__defaults__, function.__kwdefaults__]
    return [*known, *namespaces_of(function)]


def namespaces_of(function: types.FunctionType) -> list[dict[str, object]]:
    """Return the attributes of a function, and its annotations if they were asked for."""
    # From its referents, since reading `__dict__` makes one.
    others = {id(function.__globals__), id(function.__kwdefaults__), id(vars(builtins))}
    found = [part for part in gc.get_referents(function) if type(part) is dict]
    return [part for part in found if id(part) not in others]
