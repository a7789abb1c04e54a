"""The size of an object, where `sys.getsizeof` would run code of the program or miss a buffer."""

import sys
import types
from collections.abc import Callable
from typing import Any

from tracemalloc_ext.classes import bases, declared


def sizer_of(cls: type) -> Callable[[Any], int] | None:
    """Return what gives the size of an instance in bytes; None if that is `sys.getsizeof`.

    A `__sizeof__` that is not written in C is passed over: it runs code of the program, and may
    count parts that are counted by themselves, such as that of pandas.
    """
    found = [declared(base)["__sizeof__"] for base in bases(cls) if "__sizeof__" in declared(base)]
    in_c = next(one for one in found if type(one) is types.MethodDescriptorType)
    if "_ctypes" in sys.modules and issubclass(cls, _ctypes_data()):
        return _size_of_ctypes
    return None if found[0] is in_c else in_c


def _ctypes_data() -> type:
    """Return the base class of all data of ctypes."""
    return bases(sys.modules["_ctypes"]._SimpleCData)[1]


def _size_of_ctypes(data: Any) -> int:
    """Add the buffer, which `__sizeof__` leaves out, unless it belongs to another object."""
    size = sys.getsizeof(data)
    if data._b_base_ is None and data._b_needsfree_:
        size += sys.modules["_ctypes"].sizeof(data)
    return size
