"""Ask an object about itself through its type, so that no code of the program runs.

`isinstance`, `hasattr` and `vars` ask the object, which may be a proxy that is bound to nothing, or
a mock that answers anything.
"""

import types
from collections.abc import Iterator
from typing import Any, Final, TypeGuard, TypeVar

T = TypeVar("T")

_DESCRIPTORS: Final = (types.GetSetDescriptorType, types.MemberDescriptorType)


def is_a(item: object, *classes: type[T]) -> TypeGuard[T]:
    """Return whether the type of an object is one of the classes, or a subclass of one."""
    return issubclass(type(item), classes)


def class_name(cls: type) -> str:
    """Return the name that a class was defined with."""
    name: str = type.__dict__["__name__"].__get__(cls)
    return name


def class_module(cls: type) -> str:
    """Return the name of the module that a class was defined in."""
    return str(type.__dict__["__module__"].__get__(cls))


def defines(cls: type, name: str) -> bool:
    """Return whether a class or one of its bases defines an attribute."""
    return any(name in vars(base) for base in type.mro(cls))


def attributes(item: object) -> dict[str, object]:
    """Return the `__dict__` of an object, the very mapping; an empty one when it has none."""
    for base in type.mro(type(item)):
        found: Any = vars(base).get("__dict__")
        if type(found) in _DESCRIPTORS:
            namespace: dict[str, object] = found.__get__(item)
            return namespace
    return {}


def slots(item: object) -> Iterator[tuple[str, object]]:
    """Yield the name and the value of each slot of an object that is set."""
    for base in type.mro(type(item)):
        for name, member in list(vars(base).items()):
            if type(member) is types.MemberDescriptorType:
                try:
                    yield name, member.__get__(item)
                except AttributeError:  # a slot that is not set
                    continue
