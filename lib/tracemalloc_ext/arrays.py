"""Objects of numpy, which hide from the garbage collector what they refer to."""

import sys
from collections.abc import Iterator
from typing import Any, Final

from tracemalloc_ext.classes import declared

_REFERS_BY: Final = {
    "ndarray": "base",
    "void": "base",
    "flatiter": "base",
    "broadcast": "iters",
    "nditer": "operands",
}
"""By class: the attribute with the object whose memory a view shows, or with several views."""


def is_array(cls: type) -> bool:
    """Return whether a class is an array of numpy, one that refers to arrays, or a subclass.

    Numpy is not imported.
    """
    return _base_of(cls) is not None


def parts_of(array: Any) -> Iterator[tuple[str, object]]:
    """Yield what an array refers to, each with the description of the reference.

    That is the object whose memory a view shows, and the items of an array of objects.
    """
    base = _base_of(type(array))
    assert base is not None
    name = _REFERS_BY[base.__name__]
    refers_to = declared(base)[name].__get__(array)
    if refers_to is not None:
        yield f".{name}", refers_to
    if base.__name__ == "ndarray":
        numpy = sys.modules["numpy"]
        yield from _items(numpy.ndarray.view(array, numpy.ndarray), "")
    elif base.__name__ == "void" and array.dtype.hasobject:
        for field in array.dtype.names or ():
            yield f"[{field!r}]", base.__getitem__(array, field)


def _base_of(cls: type) -> Any:
    """Return the class of numpy that a class is, or is a subclass of; None if there is none."""
    numpy = sys.modules.get("numpy")
    classes = [vars(numpy).get(name) for name in _REFERS_BY] if numpy is not None else []
    return next((base for base in classes if base is not None and issubclass(cls, base)), None)


def _items(plain: Any, field: str) -> Iterator[tuple[str, object]]:
    if not plain.dtype.hasobject:
        return
    for name in plain.dtype.names or ():
        yield from _items(plain[name], f"{field}[{name!r}]")
    if plain.dtype.names is None:
        for index, item in enumerate(plain.flat):
            yield f"{field}[{index}]", item
