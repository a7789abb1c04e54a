"""What an object refers to, and how the reference is described."""

import asyncio
import gc
import itertools
import types
from collections import deque
from collections.abc import Iterator
from typing import Any, Final, cast

from tracemalloc_ext.boundary import Step, captured, is_local, is_namespace
from tracemalloc_ext.frames import SUSPENDED, WRAPPERS, awaited_by, frame_of, locals_of, unwrap
from tracemalloc_ext.futures import AnyFuture, callbacks_of, is_task
from tracemalloc_ext.words import describe, place

_SEQUENCES: Final = (list, tuple, deque)
_KEY_LENGTH: Final = 40
_FUTURE_PARTS: Final = {
    ", waiting": "_fut_waiter",
    ", its result": "_result",
    ", its exception": "_exception",
}


def references(item: Any, step: Step, *, whole_process: bool) -> list[object]:
    """Return the objects to which a walk may continue from `item`, callbacks of futures included.

    Args:
        item: The object.
        step: How the boundary of the walk treats it.
        whole_process: Whether the globals of functions and modules are entered.
    """
    if step is Step.FUNCTION:
        return captured(item) if whole_process or is_local(item) else []
    if issubclass(type(item), (type, types.ModuleType)):
        # Not the referents: those of a C module include its free lists, and a reference to a freed
        # object in such a list revives it. On Python 3.12 a second search of `_asyncio` never
        # returns (test_searching_the_modules_repeatedly_does_not_revive_dead_objects).
        return list(_attributes(item).values())
    if step is not Step.MAPPING:
        return gc.get_referents(item)
    if is_namespace(item) and not whole_process:
        return []
    return [*gc.get_referents(item), *dict.keys(item)]


def in_words(path: list[object]) -> Iterator[str]:
    """Yield a description per object of a path but the last: what it is, how it refers on."""
    shown = [path[0]]
    for item in path[1:]:
        if not _is_part_of(shown[-1], item):
            shown.append(item)
    for parent, child in itertools.pairwise(shown):
        yield _holder(parent) + next(
            (words for words, value in _parts(parent) if value is child), ""
        )


def _is_part_of(parent: object, item: object) -> bool:
    """Return whether an object is an internal part of its parent, or a wrapper."""
    if type(item).__name__ in WRAPPERS:
        return True
    if isinstance(parent, types.FunctionType):
        return any(item is part for part in captured(parent))
    return type(item) is dict and _attributes(parent) is item


def _holder(item: object) -> str:
    """Return the description of an object that refers to another."""
    if isinstance(item, SUSPENDED):
        frame = frame_of(item)
        return f"suspended in {place(frame.f_code, frame.f_lineno)}" if frame else describe(item)
    if isinstance(item, types.FrameType):
        return f"frame of {place(item.f_code, item.f_lineno)}"
    return "memoryview" if isinstance(item, memoryview) else describe(item)


def _parts(item: object) -> Iterator[tuple[str, object]]:
    """Yield the objects that `item` refers to, each with the description of the reference."""
    if isinstance(item, SUSPENDED):
        yield "", awaited_by(item)
        frame = frame_of(item)
        for name, value in (locals_of(frame) if frame else {}).items():
            yield f", local {name!r}", value
    elif isinstance(item, types.FrameType):
        yield "", item.f_back
        for name, value in locals_of(item).items():
            yield f", local {name!r}", value
    elif isinstance(item, _SEQUENCES):
        for index, value in enumerate(list(item)):
            yield f"[{index}]", value
    elif isinstance(item, dict):
        for key, value in list(dict.items(item)):
            yield f"[{repr(key)[:_KEY_LENGTH]}]", value
            yield ", a key", key
    elif isinstance(item, types.FunctionType):
        yield from _captured_parts(item)
    elif asyncio.isfuture(item):
        yield from _future_parts(item)
    yield from _attribute_parts(item)


def _future_parts(future: AnyFuture) -> Iterator[tuple[str, object]]:
    if is_task(future):
        yield "", future.get_coro()
    for words, name in _FUTURE_PARTS.items():
        yield words, getattr(future, name, None)
    for callback, _context in callbacks_of(future):
        yield ", a callback", callback


def _captured_parts(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        yield f", closure variable {name!r}", unwrap(cell)
    for value in function.__defaults__ or ():
        yield ", a default", value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield f", default of {name!r}", value


def _attribute_parts(item: object) -> Iterator[tuple[str, object]]:
    for name, value in list(_attributes(item).items()):
        yield f".{name}", value
    for cls in type(item).__mro__:
        for name, member in list(vars(cls).items()):
            if isinstance(member, types.MemberDescriptorType):
                try:
                    yield f".{name}", member.__get__(item)
                except AttributeError:  # a slot that is not set
                    continue


def _attributes(item: object) -> dict[str, object]:
    try:
        return cast("dict[str, object]", object.__getattribute__(item, "__dict__"))
    except AttributeError:
        return {}
