"""The garbage collector in the process of a service."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_THRESHOLD: Final = 50_000
"""Objects that are allocated and not freed before a collection begins (ours). A second's frames of
1,800 sessions are some 30,000. With Python's own threshold, 700 or 2,000 from 3.13 on, they survive
until they count as old, and each full collection walks all sessions because of them."""


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Collect garbage less often in the block; the process has its own threshold again afterwards.

    It is for the process of a service: what a frame or a request allocates is freed without the
    collector, which would walk all sessions and find nothing. It applies to all threads. Of blocks
    that overlap, the last one to end restores the threshold. One that is higher is kept, and so is
    0: the collector is off.
    """
    _RAISED.enter()
    try:
        yield
    finally:
        _RAISED.leave()


class _Raised:
    """The raised threshold of this process, and in how many blocks it is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._before = gc.get_threshold()

    def enter(self) -> None:
        with self._lock:
            if not self._blocks:
                self._before = gc.get_threshold()
                young, *older = self._before
                gc.set_threshold(young and max(young, _THRESHOLD), *older)
            self._blocks += 1

    def leave(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                gc.set_threshold(*self._before)


_RAISED: Final = _Raised()
