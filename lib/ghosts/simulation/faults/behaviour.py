"""The behaviour of a fault mode: on a request in the backend, or on a call in the client."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web

Call: TypeAlias = Callable[[], Awaitable[Any]]
"""Makes one call of a client; returns the backend's answer, or raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultBehaviour:
    """What one mode does. Exactly one of these parts is set; another number raises ValueError."""

    instead_of_work: (
        Callable[[web.BaseRequest, float], Awaitable[web.StreamResponse | None]] | None
    ) = None
    """Called with a request and the fault's ``seconds`` before the backend does its work. Returns
    the response instead, or None to let the backend do its work."""
    instead_of_answer: Callable[[web.BaseRequest], web.StreamResponse] | None = None
    """Called with a request once the backend has done its work. Returns the response instead."""
    closes_port: bool = False
    """Whether the backend stops listening, and drops its connections."""
    around_call: Callable[[Call, asyncio.Event], Awaitable[Any]] | None = None
    """Called in the client instead of the call, with the call and an event that is set when the
    fault ends. Returns what the caller gets."""

    def __post_init__(self) -> None:
        parts = self.instead_of_work, self.instead_of_answer, self.closes_port, self.around_call
        if sum(map(bool, parts)) != 1:
            raise ValueError("a fault mode has exactly one behaviour")
