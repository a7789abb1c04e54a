"""Read suspended frames without changing what they keep alive."""

import gc
import inspect
import sys
import threading
import types
from typing import Final, TypeAlias, TypeGuard

from tracemalloc_ext.classes import class_module, class_name, is_a

Suspended: TypeAlias = (
    "types.CoroutineType[object, object, object]"
    " | types.GeneratorType[object, object, object]"
    " | types.AsyncGeneratorType[object, object]"
)
_SUSPENDED: Final = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)

# Objects that the interpreter puts between two objects of the program. By name, since only some
# have a public type.
_WRAPPERS: Final = frozenset(
    {
        "FutureIter",
        "anext_awaitable",
        "async_generator_asend",
        "async_generator_athrow",
        "cell",
        "coroutine_wrapper",
        "hamt",
        "hamt_array_node",
        "hamt_bitmap_node",
        "hamt_collision_node",
        "managedbuffer",
    }
)

_INTERPRETER: Final = ("builtins", "_asyncio", "_contextvars")


def is_suspended(item: object) -> TypeGuard[Suspended]:
    """Return whether an object is a coroutine, a generator or an async generator."""
    return any(type(item) is cls for cls in _SUSPENDED)


def frame_of(suspended: Suspended) -> types.FrameType | None:
    """Return the frame of a coroutine, generator or async generator; None when it has ended."""
    if type(suspended) is types.CoroutineType:
        return suspended.cr_frame
    if type(suspended) is types.GeneratorType:
        return suspended.gi_frame
    return suspended.ag_frame


def awaited_by(suspended: Suspended) -> object | None:
    """Return what a suspended frame awaits, without the interpreter's wrappers."""
    if type(suspended) is types.CoroutineType:
        return unwrap(suspended.cr_await)
    if type(suspended) is types.GeneratorType:
        return unwrap(suspended.gi_yieldfrom)
    return unwrap(suspended.ag_await)


def is_wrapper(item: object) -> bool:
    """Return whether the interpreter has put an object between two others of the program."""
    return class_name(type(item)) in _WRAPPERS and class_module(type(item)) in _INTERPRETER


def unwrap(item: object) -> object:
    """Return the object inside the interpreter's wrappers; `item` itself when it is not one."""
    while is_wrapper(item):
        held = [part for part in gc.get_referents(item) if not is_a(part, type)]
        if not held:
            break
        item = held[0]
    return item


def locals_of(frame: types.FrameType) -> dict[str, object]:
    """Return a frame's locals by name, without leaving a copy in the frame."""
    # Before Python 3.13 `f_locals` is a snapshot that the frame keeps: a search for what keeps a
    # buffer alive would itself keep it alive until the function ends
    # (test_asking_does_not_keep_the_locals_of_the_frame). So the snapshot is emptied, unless the
    # program refers to it too: `names = locals()` would find it empty
    # (test_a_locals_snapshot_of_the_program_is_not_emptied).
    snapshot = frame.f_locals
    names = dict(snapshot)
    unheld = sys.getrefcount(snapshot) == _UNHELD
    of_function = type(snapshot) is dict and frame.f_code.co_flags & inspect.CO_OPTIMIZED
    # Into a frame that is traced, the interpreter writes the snapshot back.
    traced = frame.f_trace is not None or sys.gettrace() is not None
    if of_function and unheld and not traced:
        snapshot.clear()
    return names


def frames_of_other_threads() -> dict[int, types.FrameType]:
    """Return the innermost frame of each thread but this one, by the thread's identifier."""
    frames = sys._current_frames()
    del frames[threading.get_ident()]
    return frames


_UNHELD: Final = 3  # references: the frame's, the variable above, and the counting call's own
