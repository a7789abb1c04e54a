"""The heap of this process as glibc's allocator reports it."""

import ctypes
from functools import cache
from typing import Any

import psutil

from ghosts.records.snapshot import Allocator, Trimmed


class _MallInfo2(ctypes.Structure):
    """glibc's ``struct mallinfo2``, from its manual (mallinfo(3)). Sizes are bytes."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    )


def allocator() -> Allocator | None:
    """Return the heap's bytes in use and held; None if the allocator is not glibc's.

    Large blocks, which have mappings of their own (mmap), count in both.
    """
    glibc = _glibc()
    if glibc is None:
        return None
    info = glibc.mallinfo2()
    return Allocator(in_use_bytes=info.uordblks + info.hblkhd, held_bytes=info.arena + info.hblkhd)


def trim() -> Trimmed | None:
    """Return free heap memory to the operating system; None if the allocator is not glibc's."""
    glibc = _glibc()
    if glibc is None:
        return None
    process = psutil.Process()
    before = process.memory_info().rss
    glibc.malloc_trim(0)
    return Trimmed(rss_before_bytes=before, rss_after_bytes=process.memory_info().rss)


@cache
def _glibc() -> Any:
    """Return this process's C library if it is glibc 2.33 or later, otherwise None."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2") or not hasattr(library, "malloc_trim"):
        return None
    library.mallinfo2.restype = _MallInfo2
    return library
