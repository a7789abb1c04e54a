"""What a gather returns for each item."""

import asyncio
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class ItemTimeoutError(TimeoutError):
    """The limit of the call ended the item: it is no exception of the item's own."""


@dataclass(frozen=True, slots=True)
class GatherResult(Generic[T]):
    """The outcome of the item at position ``index`` of the input, counted from 0.

    Without an ``exception`` the item is ``ok`` and ``value`` is what it returned, which may be
    None. A TimeoutError that the item raised by itself is an exception like any other: only the
    call's own limit makes it ``timed_out``.
    """

    index: int
    value: T | None = None
    exception: BaseException | None = None

    @property
    def ok(self) -> bool:
        """Whether the item returned."""
        return self.exception is None

    @property
    def timed_out(self) -> bool:
        """Whether the call's own limit ended the item."""
        return isinstance(self.exception, ItemTimeoutError)

    @property
    def cancelled(self) -> bool:
        """Whether the item ended by a cancellation of its own."""
        return isinstance(self.exception, asyncio.CancelledError)
