"""What a gather returns for each item."""

import asyncio
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GatherResult(Generic[T]):
    """The outcome of the item at position ``index`` of the input, counted from 0.

    Without an ``exception`` the item is ``ok`` and ``value`` is what it returned, which may be
    None. ``timed_out`` says that the call's own limit ended the item; a TimeoutError that the item
    raised by itself is an exception like any other.
    """

    index: int
    value: T | None = None
    exception: BaseException | None = None
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether the item returned."""
        return self.exception is None

    @property
    def cancelled(self) -> bool:
        """Whether the item ended by a cancellation of its own."""
        return isinstance(self.exception, asyncio.CancelledError)
