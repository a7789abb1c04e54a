"""Numpy's arrays, which hide from the garbage collector what they refer to."""

import sys
from collections.abc import Iterator
from typing import Any


def is_array(cls: type) -> bool:
    """Return whether a class is numpy's array, or a subclass. Numpy is not imported."""
    array = vars(sys.modules["numpy"]).get("ndarray") if "numpy" in sys.modules else None
    return array is not None and issubclass(cls, array)


def parts_of(array: Any) -> Iterator[tuple[str, object]]:
    """Yield what an array refers to, each with the description of the reference.

    That is the object whose memory a view shows, and the items of an array of objects.
    """
    numpy = sys.modules["numpy"]
    base = numpy.ndarray.base.__get__(array)
    if base is not None:
        yield ".base", base
    plain = numpy.ndarray.view(array, numpy.ndarray)
    yield from _items(plain, "")


def _items(plain: Any, field: str) -> Iterator[tuple[str, object]]:
    if not plain.dtype.hasobject:
        return
    for name in plain.dtype.names or ():
        yield from _items(plain[name], f"{field}[{name!r}]")
    if plain.dtype.names is None:
        for index, item in enumerate(plain.flat):
            yield f"{field}[{index}]", item
