"""What differs between two variants, as a unified diff."""

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any, Final, Literal

import aiohttp

from ghosts.variants.variant import ListenVariant, PusherVariant, Variant

_CONTEXT_LINES: Final = 2


def variant_diff(
    before: Variant, after: Variant, *, service: Literal["pusher", "listen"] = "pusher"
) -> str:
    """Return all that differs between two variants of a service, as a unified diff.

    First come the settings, one per line, then the source of the lifecycle. The names in the header
    are those of the variants; the name of a function is left out, and so is the summary.

    A lifecycle is compared by its source, by the arguments that a ``functools.partial`` adds, and
    by the values that a function closes over or a callable object holds: functions among them by
    their source, and so is what a decorated function wraps.

    Args:
        before: The variant whose lines are marked with a minus.
        after: The variant whose lines are marked with a plus.
        service: The service whose part of the variants is compared.

    Returns:
        The diff, without a newline at its end. Empty when nothing differs.
    """
    lines = difflib.unified_diff(
        list(_described(getattr(before, service))),
        list(_described(getattr(after, service))),
        before.name,
        after.name,
        lineterm="",
        n=_CONTEXT_LINES,
    )
    return "\n".join(lines)


def _described(variant: PusherVariant | ListenVariant | None) -> Iterator[str]:
    if variant is None:
        return
    for field in fields(variant):
        if field.name != "lifecycle":
            yield from _setting(field.name, getattr(variant, field.name))
    yield ""
    yield from _source(variant.lifecycle)


def _setting(name: str, value: Any) -> Iterator[str]:
    match value:
        case aiohttp.ClientTimeout():
            limits = [
                f"{key} {seconds:.12g} s"
                for key in ("total", "connect", "sock_connect", "sock_read")
                if (seconds := getattr(value, key)) is not None
            ]
            yield f"{name}: {', '.join(limits) or 'no timeout'}"
        case Mapping():
            for key, each in value.items():
                yield from _setting(f"{name}.{key}", each)
        case _ if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                yield from _setting(f"{name}.{field.name}", getattr(value, field.name))
        case _ if callable(value):
            yield f"{name}: {getattr(value, '__qualname__', value)}"
        case _:
            yield f"{name}: {value}"


def _source(lifecycle: Callable[..., Any], seen: tuple[object, ...] = ()) -> Iterator[str]:
    """Yield the source lines of a lifecycle, without its name: that is the variant's.

    ``seen`` are functions that are described already: a function may close over itself.
    """
    seen = (*seen, lifecycle)
    if isinstance(lifecycle, partial):
        arguments = [*map(repr, lifecycle.args)]
        arguments += [f"{name}={value!r}" for name, value in sorted(lifecycle.keywords.items())]
        if arguments:
            yield f"with {', '.join(arguments)}"
        yield from _source(lifecycle.func, seen)
        return
    # The code object, because `inspect.getsource` of a function returns the source of the function
    # that it wraps, and the wrapper would not be seen.
    written = getattr(lifecycle, "__func__", lifecycle)
    written = getattr(written, "__code__", type(lifecycle))
    source = _text(written)
    if source is None:
        yield f"{getattr(lifecycle, '__qualname__', type(lifecycle).__qualname__)}, without source"
    else:
        name = getattr(written, "co_name", written.__name__ if isinstance(written, type) else "")
        yield from source.rstrip().replace(f"def {name}(", "def lifecycle(", 1).splitlines()
    for name, value in _held(lifecycle).items():
        if not inspect.isroutine(value) and not isinstance(value, partial):
            yield from _setting(f"where {name}", value)
        elif not any(value is each for each in seen):
            yield ""
            yield from _source(value, seen)


def _held(lifecycle: Callable[..., Any]) -> dict[str, Any]:
    """Return the values that a function closes over, or that a callable object holds, by name."""
    function = getattr(lifecycle, "__func__", lifecycle)
    if not inspect.isfunction(function):
        return dict(getattr(lifecycle, "__dict__", {}))
    closed_over = inspect.getclosurevars(function).nonlocals
    # What is wrapped is nearly always closed over as well.
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is None or any(wrapped is value for value in closed_over.values()):
        return dict(closed_over)
    return {**closed_over, "wrapped": wrapped}


def _text(written: Any) -> str | None:
    """Return the source of a code object or a class; None if it is in no file and no cell."""
    # From Python 3.13 on, "<string>" is the text of ``python -c``, whatever else was compiled so.
    if getattr(written, "co_filename", "") == "<string>":
        return None
    try:
        return inspect.getsource(written)
    except (OSError, TypeError):
        return None
