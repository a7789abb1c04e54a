"""A variant: all that is compared between versions of the services, as one value."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from ghosts.clients import ClientSettings
from ghosts.errors import GhostsError
from ghosts.listen import ListenLifecycle, ListenSettings
from ghosts.pusher import Lifecycle, PusherSession

_NAME: Final = re.compile(r"[\w<>.]{1,100}")
"""What a recording takes for a name: it is part of file names."""


class VariantError(GhostsError, ValueError):
    """There is no such variant, or a value cannot be part of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PusherVariant:
    """How a pod of the pusher runs its sessions."""

    lifecycle: Lifecycle
    """Starts, awaits and cleans up the tasks of one session."""
    clients: ClientSettings
    """The timeouts of its clients, and the size of its upload pool."""
    spool_bytes: int = 0
    """Size in bytes of the spool for audio not yet uploaded. 0: there is no spool, and audio queued
    in memory is lost with its session."""
    grace: float = 0.0
    """Seconds that sessions have to finish at a graceful shutdown. 0: they are cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenVariant:
    """How a pod of listen runs its sessions. No scenario stops listen, so it has no grace."""

    lifecycle: ListenLifecycle
    """Admits a session, then starts, awaits and cleans up its tasks."""
    clients: ClientSettings
    """The timeouts of its clients."""
    settings: ListenSettings
    """Its outbound queue, circuit breaker and fan-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One version of both services: lifecycles, client settings, storage and shutdown grace.

    Two variants differ in their fields and in nothing else. Code reads the fields; it never reads
    the name or the identity of a function. So a copy of a lifecycle, a wrapper, a
    ``functools.partial`` or a callable object behaves like the original in the same variant.

    Raises:
        VariantError: the lifecycle of a service is not callable.
    """

    name: str
    """Its name in recordings, tables and figures."""
    summary: str
    """One sentence: what it is, or what it changed. ``ghosts matrix`` prints it."""
    pusher: PusherVariant
    listen: ListenVariant | None = None
    """None where listen has no such version: devices connect to the pusher directly."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise VariantError(
                f"name: {self.name!r} should have 1 to 100 letters, digits, '_', '.', '<' or '>'"
            )
        for service in (self.pusher, self.listen):
            if service is not None and not callable(service.lifecycle):
                raise VariantError(
                    f"{self.name}: a lifecycle is an async function of a session, "
                    f"not {service.lifecycle!r}"
                )

    def with_lifecycle(
        self, lifecycle: Callable[[PusherSession], Awaitable[None]], *, name: str
    ) -> "Variant":
        """Return this variant under another name, with another lifecycle of the pusher.

        Client settings, storage, grace and summary stay. The part of listen is left out: its
        lifecycle belongs to the one that is replaced.

        Args:
            lifecycle: An async function of a session, or another callable that returns an
                awaitable.
            name: The name in recordings, tables and figures.

        Raises:
            VariantError: ``lifecycle`` is not callable, or ``name`` is invalid.
        """
        return replace(
            self, name=name, pusher=replace(self.pusher, lifecycle=lifecycle), listen=None
        )

    def with_clients(self, clients: ClientSettings) -> "Variant":
        """Return this variant with other settings of the pusher's clients; its name stays."""
        return replace(self, pusher=replace(self.pusher, clients=clients))
