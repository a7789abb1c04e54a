"""Reading suspended frames without leaving a trace in them."""

import gc
import inspect
import sys
import types
from typing import Final, TypeAlias

Suspended: TypeAlias = (
    "types.CoroutineType[object, object, object]"
    " | types.GeneratorType[object, object, object]"
    " | types.AsyncGeneratorType[object, object]"
)
SUSPENDED: Final = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)

# What the interpreter puts between two objects of the program; only some have a public type.
WRAPPERS: Final = frozenset(
    {
        "FutureIter",
        "anext_awaitable",
        "async_generator_asend",
        "async_generator_athrow",
        "cell",
        "coroutine_wrapper",
        "managedbuffer",
    }
)


def frame_of(suspended: Suspended) -> types.FrameType | None:
    """Return the frame of a coroutine, generator or async generator; None: it has ended."""
    if isinstance(suspended, types.CoroutineType):
        return suspended.cr_frame
    if isinstance(suspended, types.GeneratorType):
        return suspended.gi_frame
    return suspended.ag_frame


def awaited_by(suspended: Suspended) -> object | None:
    """Return what a suspended frame awaits, the interpreter's wrappers taken off."""
    if isinstance(suspended, types.CoroutineType):
        return unwrap(suspended.cr_await)
    if isinstance(suspended, types.GeneratorType):
        return unwrap(suspended.gi_yieldfrom)
    return unwrap(suspended.ag_await)


def unwrap(item: object) -> object:
    """Return what the interpreter's wrappers hold, the object itself if it is none."""
    while type(item).__name__ in WRAPPERS:
        held = [part for part in gc.get_referents(item) if not isinstance(part, type)]
        if not held:
            break
        item = held[0]
    return item


def locals_of(frame: types.FrameType) -> dict[str, object]:
    """Return a frame's locals by name, and leave nothing of them in the frame.

    Before Python 3.13 `f_locals` is a snapshot that the frame keeps: it would hold every value
    until the function ends. So it is emptied, unless code of the program has it in hand too.
    """
    snapshot = frame.f_locals
    names = dict(snapshot)
    unheld = sys.getrefcount(snapshot) == _UNHELD
    if isinstance(snapshot, dict) and frame.f_code.co_flags & inspect.CO_OPTIMIZED and unheld:
        snapshot.clear()
    return names


_UNHELD: Final = 3  # by the frame, by the variable above, and by the call that counts
