"""Where a walk over references stops, and how it enters each kind of object."""

import asyncio
import concurrent.futures
import contextvars
import enum
import selectors
import threading
import types
import weakref
from collections.abc import Iterable
from typing import Final

from tracemalloc_ext.arrays import is_array
from tracemalloc_ext.classes import class_module, is_a
from tracemalloc_ext.futures import is_future_class

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
    property,
    staticmethod,
    classmethod,
    bool,
    enum.Enum,
)
_WEAK: Final = (contextvars.ContextVar, weakref.ReferenceType)
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
    SHALLOW = enum.auto()
    """As REFERENTS; its `__sizeof__` is written in Python, and may count its parts as well."""


class Boundary(dict[type, Step]):
    """The step for each type, computed once per walk.

    Args:
        exclude: Classes whose instances are closed. Objects that are not classes are ignored here.
        weak: Whether weak references and context variables are entered, for the callbacks of the
            former and the defaults of the latter.
        whole_process: Whether modules, event loops, loggers and the like are entered.
    """

    # A table per walk and not one of the process, which would keep every class alive that was ever
    # met, also one defined in a notebook cell or a test.

    def __init__(
        self,
        exclude: Iterable[object] = (),
        *,
        weak: bool = False,
        whole_process: bool = False,
    ) -> None:
        super().__init__()
        self._whole_process = whole_process
        self._closed: tuple[type, ...] = (
            *_CODE,
            *(() if weak else _WEAK),
            *(() if whole_process else _PROCESS),
            *(item for item in exclude if is_a(item, type)),
        )

    def __missing__(self, cls: type) -> Step:
        step = self[cls] = self._classify(cls)
        return step

    def _classify(self, cls: type) -> Step:
        if issubclass(cls, self._closed):
            return Step.STOP
        if not self._whole_process and class_module(cls).partition(".")[0] in _PROCESS_PACKAGES:
            return Step.STOP
        if is_array(cls):
            return Step.ARRAY
        if not cls.__flags__ & _TRACKS_REFERENCES:
            return Step.LEAF
        if issubclass(cls, dict):
            return Step.MAPPING
        if issubclass(cls, types.FunctionType):
            return Step.FUNCTION
        if issubclass(cls, types.FrameType):
            return Step.FRAME
        if is_future_class(cls):
            return Step.FUTURE
        return Step.SHALLOW if _sized_in_python(cls) else Step.REFERENTS


def _sized_in_python(cls: type) -> bool:
    found = next(vars(base)["__sizeof__"] for base in type.mro(cls) if "__sizeof__" in vars(base))
    return type(found) is types.FunctionType


def is_namespace(mapping: dict[object, object]) -> bool:
    """Return whether code runs, or ran, with this mapping as its globals."""
    return dict.__contains__(mapping, "__builtins__")


def is_local(function: types.FunctionType) -> bool:
    """Return whether a function was made at run time: nested in another one, or a lambda."""
    return "<" in function.__qualname__


def captured(function: types.FunctionType) -> list[object]:
    """Return what a function keeps alive: closure, defaults, keyword defaults."""
    return [function.__closure__, function.__defaults__, function.__kwdefaults__]
