"""Descriptions of the keys of mappings: short, stable, without addresses."""

import enum
import itertools
import types
from collections.abc import Mapping
from typing import Final

from tracemalloc_ext.classes import attributes, class_module, class_name, declared, is_a, slots
from tracemalloc_ext.words import describe

_LENGTH: Final = 40
_PARTS: Final = 4
_DEPTH: Final = 2
_BITS: Final = 128
_PLAIN: Final = frozenset({"datetime", "decimal", "fractions", "ipaddress", "pathlib", "uuid"})
"""Modules of the standard library whose objects have a short `repr` and hold nothing foreign."""


def describe_key(key: object, ids: Mapping[int, str]) -> str:
    """Return a description of a key, as in `'ada'`, `('ada', 7)` or `User(number=7)`.

    The `repr` of a class of the program is not called: it may raise, take long, or show an address.
    Numbers, strings, enum members, dataclasses, named tuples and some types of the standard library
    are shown with their contents, anything else by its type, as in `Row(...)`.

    Args:
        key: The key.
        ids: Descriptions of objects by `id`. A key that is one of these numbers, which differ from
            run to run, is shown as in `id of Session`.
    """
    return _describe(key, ids, depth=0)


def _describe(key: object, ids: Mapping[int, str], *, depth: int) -> str:
    cls = type(key)
    if is_a(key, enum.Enum):
        return f"{class_name(cls)}.{attributes(key).get('_name_')}"
    if is_a(key, str):
        return _cut(str.__getitem__(key, slice(_LENGTH)), str.__len__(key))
    if is_a(key, bytes):
        return _cut(bytes.__getitem__(key, slice(_LENGTH)), bytes.__len__(key))
    if is_a(key, int):
        return _number(key, ids)
    if is_a(key, float, complex):
        return float.__repr__(key) if is_a(key, float) else complex.__repr__(key)
    if is_a(key, type, types.ModuleType, types.FunctionType):
        return describe(key)
    if key is None or key is ... or _is_plain(key):
        return _cut_words(repr(key))
    fields = _fields(key)
    shown = [
        words + _describe(value, ids, depth=depth + 1)
        for words, value in itertools.islice(fields, _PARTS if depth < _DEPTH else 0)
    ]
    more = ["..."] if len(fields) > len(shown) or (cls is not tuple and not fields) else []
    return f"{'' if cls is tuple else class_name(cls)}({', '.join([*shown, *more])})"


def _cut(start: str | bytes, length: int) -> str:
    return repr(start) + ("..." if length > _LENGTH else "")


def _number(key: int, ids: Mapping[int, str]) -> str:
    if type(key) is bool:
        return repr(key)
    number = int.__int__(key)
    if number in ids:
        return f"id of {ids[number]}"
    bits = number.bit_length()
    return repr(number) if bits <= _BITS else f"an int of {bits} bits"


def _is_plain(key: object) -> bool:
    if class_module(type(key)).partition(".")[0] not in _PLAIN:
        return False
    # The time zone of a time may be of the program, and is part of its `repr`.
    zone = getattr(key, "tzinfo", None)
    return zone is None or class_module(type(zone)) in ("datetime", "zoneinfo")


def _cut_words(words: str) -> str:
    return words if len(words) <= 2 * _LENGTH else words[: 2 * _LENGTH] + "..."


def _fields(key: object) -> list[tuple[str, object]]:
    """Return the contents of a tuple or a dataclass, each with the words that go before it."""
    of_class = declared(type(key))
    if is_a(key, tuple):
        given = of_class.get("_fields")
        names = [f"{name}=" for name in given] if type(given) is tuple else []
        return list(zip(names or [""] * tuple.__len__(key), tuple.__iter__(key), strict=False))
    values = dict(slots(key)) | attributes(key)
    shown = [name for name, field in of_class.get("__dataclass_fields__", {}).items() if field.repr]
    return [(f"{name}=", values[name]) for name in shown if name in values]
