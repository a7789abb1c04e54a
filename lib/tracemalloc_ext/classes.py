"""Ask an object about itself through its type, so that no code of the program runs.

`isinstance`, `hasattr` and `vars` ask the object, which may be a proxy that is bound to nothing, or
a mock that answers anything.
"""

import types
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard, TypeVar

T = TypeVar("T")

_DESCRIPTORS: Final = (types.GetSetDescriptorType, types.MemberDescriptorType)
_OF_TYPE: Final = type.__dict__
"""Attributes of classes are read through these descriptors, past their metaclass."""


def is_a(item: object, *classes: type[T]) -> TypeGuard[T]:
    """Return whether the type of an object is one of the classes, or a subclass of one."""
    return issubclass(type(item), classes)


def class_name(cls: type) -> str:
    """Return the name that a class was defined with."""
    name: str = _OF_TYPE["__name__"].__get__(cls)
    return name


def class_module(cls: type) -> str:
    """Return the name of the module that a class was defined in."""
    name = _OF_TYPE["__module__"].__get__(cls)
    return name if type(name) is str else ""


def class_flags(cls: type) -> int:
    """Return the flags of a class: the `tp_flags` of CPython."""
    flags: int = _OF_TYPE["__flags__"].__get__(cls)
    return flags


def bases(cls: type) -> tuple[type, ...]:
    """Return a class and its bases, in the order in which attributes are looked up."""
    order: tuple[type, ...] = _OF_TYPE["__mro__"].__get__(cls)
    return order


def declared(cls: type) -> Mapping[str, Any]:
    """Return what a class itself defines, by name."""
    namespace: Mapping[str, Any] = _OF_TYPE["__dict__"].__get__(cls)
    return namespace


def defines(cls: type, name: str) -> bool:
    """Return whether a class or one of its bases defines an attribute."""
    return any(name in declared(base) for base in bases(cls))


def attributes(item: object) -> dict[str, object]:
    """Return the `__dict__` of an object, the very mapping; an empty one when it has none."""
    for base in bases(type(item)):
        found: Any = declared(base).get("__dict__")
        if type(found) in _DESCRIPTORS:
            namespace: dict[str, object] = found.__get__(item)
            return namespace
    return {}


def slots(item: object) -> Iterator[tuple[str, object]]:
    """Yield the name and the value of each slot of an object that is set."""
    for base in bases(type(item)):
        for name, member in list(declared(base).items()):
            if type(member) is types.MemberDescriptorType:
                try:
                    yield name, member.__get__(item)
                except AttributeError:  # a slot that is not set
                    continue
