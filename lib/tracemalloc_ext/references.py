"""What an object refers to, and how the reference is described."""

import contextvars
import gc
import itertools
import types
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracemalloc_ext.arrays import is_array, parts_of
from tracemalloc_ext.boundary import Step, captured, is_local, is_namespace, namespaces_of
from tracemalloc_ext.classes import attributes, is_a, slots
from tracemalloc_ext.frames import awaited_by, frame_of, is_suspended, is_wrapper, locals_of, unwrap
from tracemalloc_ext.futures import AnyFuture, callbacks_of, is_future, is_task
from tracemalloc_ext.keys import describe_key
from tracemalloc_ext.words import describe, function_name, place

_FUTURE_PARTS: Final = {
    ", waiting": "_fut_waiter",
    ", its result": "_result",
    ", its exception": "_exception",
    # The attribute of a pure-Python task; a C task has none, and refers to it unnamed as well.
    "": "_context",
}


@dataclass(frozen=True, slots=True)
class _Key:
    """A reference from a mapping: the value of this key."""

    key: object


def references(item: Any, step: Step, *, whole_process: bool) -> list[object]:
    """Return the objects to which a walk may continue from `item`, callbacks of futures included.

    Args:
        item: The object.
        step: How the boundary of the walk treats it.
        whole_process: Whether the globals of functions and modules are entered.
    """
    if step is Step.FUNCTION:
        return captured(item) if whole_process or is_local(item) else []
    if is_a(item, type, types.ModuleType):
        # Not the referents: those of a C module include its free lists, and a reference to a freed
        # object in such a list revives it. On Python 3.12 a second search of `_asyncio` never
        # returns (test_searching_the_modules_repeatedly_does_not_revive_dead_objects).
        return list(attributes(item).values())
    if step is Step.ARRAY:
        return [*gc.get_referents(item), *(part for _words, part in parts_of(item))]
    if step is not Step.MAPPING:
        return gc.get_referents(item)
    if is_namespace(item) and not whole_process:
        return []
    return [*gc.get_referents(item), *dict.keys(item)]


def in_words(path: list[object]) -> Iterator[str]:
    """Yield a description per object of a path but the last: what it is, how it refers on."""
    ids = {id(item): describe(item) for item in path}
    shown: list[object] = []
    for item in path:
        if not shown or not _is_part_of(shown[-1], item):
            shown.append(item)
    for parent, child in itertools.pairwise(shown):
        found = (how for how, value in _parts(parent) if value is child)
        yield _holder(parent) + _how(next(found, ""), ids)


def _how(reference: str | _Key, ids: Mapping[int, str]) -> str:
    # The key is described here, once the reference is found: a description of each key that stands
    # before it would cost as much as the mapping is long.
    return f"[{describe_key(reference.key, ids)}]" if isinstance(reference, _Key) else reference


def _is_part_of(parent: object, item: object) -> bool:
    """Return whether an object is an internal part of its parent, or a wrapper."""
    if is_wrapper(item):
        return True
    if type(parent) is types.FunctionType:
        return any(item is part for part in captured(parent))
    return type(item) is dict and attributes(parent) is item


def _holder(item: object) -> str:
    """Return the description of an object that refers to another."""
    if is_suspended(item):
        frame = frame_of(item)
        return f"suspended in {place(frame.f_code, frame.f_lineno)}" if frame else describe(item)
    if type(item) is types.FrameType:
        return f"frame of {place(item.f_code, item.f_lineno)}"
    if type(item) is types.MethodType:
        name = getattr(item.__func__, "__qualname__", "")
        return f"method {function_name(name)}" if type(name) is str and name else "method"
    return "memoryview" if type(item) is memoryview else describe(item)


def _parts(item: object) -> Iterator[tuple[str | _Key, object]]:
    """Yield the objects that `item` refers to, each with the description of the reference."""
    if is_suspended(item):
        yield "", awaited_by(item)
        frame = frame_of(item)
        for name, value in (locals_of(frame) if frame else {}).items():
            yield f", local {name!r}", value
    elif type(item) is types.FrameType:
        yield "", item.f_back
        for name, value in locals_of(item).items():
            yield f", local {name!r}", value
    elif is_a(item, list, tuple, deque):
        for index, value in enumerate(_contents(item)):
            yield f"[{index}]", value
    elif is_a(item, dict):
        for key, value in list(dict.items(item)):
            yield _Key(key), value
            yield ", a key", key
    elif type(item) is types.FunctionType:
        yield from _captured_parts(item)
    elif type(item) is contextvars.Context:
        for variable, value in item.items():
            yield f", variable {variable.name!r}", value
    elif is_array(type(item)):
        yield from parts_of(item)
    elif is_future(item):
        yield from _future_parts(item)
    yield from _attribute_parts(item)


def _contents(sequence: Any) -> list[object]:
    """Return what is in a sequence, also if its class iterates over something else.

    At once, since another thread may change it meanwhile.
    """
    base: Any = next(base for base in (list, tuple, deque) if is_a(sequence, base))
    return list(base.__iter__(sequence))


def _future_parts(future: AnyFuture) -> Iterator[tuple[str, object]]:
    if is_task(future):
        yield "", future.get_coro()
    for words, name in _FUTURE_PARTS.items():
        yield words, getattr(future, name, None)
    for callback, _context in callbacks_of(future):
        yield ", a callback", callback


def _captured_parts(function: types.FunctionType) -> Iterator[tuple[str | _Key, object]]:
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        yield f", closure variable {name!r}", unwrap(cell)
    for value in function.__defaults__ or ():
        yield ", a default", value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield f", default of {name!r}", value
    for namespace in namespaces_of(function):
        yield from _named(namespace)


def _attribute_parts(item: object) -> Iterator[tuple[str | _Key, object]]:
    if type(item) is not types.FunctionType:  # whose `__dict__` is made by reading it
        yield from _named(attributes(item))
    for name, value in slots(item):
        yield f".{name}", value


def _named(namespace: Mapping[Any, object]) -> Iterator[tuple[str | _Key, object]]:
    for name, value in list(namespace.items()):
        yield f".{name}" if type(name) is str else _Key(name), value
