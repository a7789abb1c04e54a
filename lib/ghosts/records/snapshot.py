"""A snapshot: counts of the sessions of one service, and of the process, at one moment."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, TypeAlias

import annotated_types
from pydantic import ConfigDict

STRICT: Final = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, defer_build=True)
Int: TypeAlias = Annotated[int, annotated_types.Interval(ge=-(2**63), lt=2**63)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Counts of the sessions of one service at one moment. Sizes are bytes."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    gauge: Int
    """The service's gauge of active WebSocket connections."""
    tcp: Int
    """Established TCP connections on the service's port, as the operating system counts them."""
    ghosts: Int
    """Sessions whose TCP connection has been gone for more than 150 s."""
    orphans: Int
    """Tasks of sessions that have ended."""
    tasks: Int
    """Tasks of sessions, handlers and orphan tasks included."""
    leaked_sessions: Int
    """Sessions that have ended and were still in memory after a garbage collection."""
    queued_bytes: Int
    """Audio that the service has received and has neither passed on nor lost."""
    retained_bytes: Int
    """Memory that is reachable from ghosts; 0 if memory is not measured."""
    leaked_bytes: Int
    """Memory that is reachable from leaked sessions; 0 if memory is not measured."""
    half_open: Int = 0
    """Sessions whose device has vanished, while the operating system has their TCP connection."""
    not_reading: Int = 0
    """Connected sessions whose device has stopped reading."""
    write_buffer_bytes: Int = 0
    """Bytes that open sessions have written and their peers have no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocator:
    """The heap of this process as glibc's `mallinfo2` reports it. Sizes are bytes."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    in_use_bytes: Int
    """Allocated by the program and not freed."""
    held_bytes: Int
    """Obtained from the operating system: in use, or free and kept for later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """Resident memory before and after glibc's ``malloc_trim(0)``. Sizes are bytes."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    rss_before_bytes: Int
    rss_after_bytes: Int
