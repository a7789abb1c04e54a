"""The services that sessions call: their clients, and an in-process server that can fail."""

from ghosts.backends.client_settings import DEADLINES, PUBLISHED, SHIPPED, ClientSettings
from ghosts.backends.clients import (
    BackendError,
    Batch,
    Clients,
    Features,
    ListenClients,
    NotFoundError,
    Service,
    connect_clients,
    connect_listen_clients,
)
from ghosts.backends.faults import (
    ALL,
    BACKENDS,
    OF_LISTEN,
    OF_THE_LIBRARY,
    OF_THE_PUSHER,
    Backend,
    Fault,
    FaultMode,
    Share,
)
from ghosts.backends.pool import WorkerPool
from ghosts.backends.server import Backends, serve_backends

__all__ = [
    "ALL",
    "BACKENDS",
    "DEADLINES",
    "OF_LISTEN",
    "OF_THE_LIBRARY",
    "OF_THE_PUSHER",
    "PUBLISHED",
    "SHIPPED",
    "Backend",
    "BackendError",
    "Backends",
    "Batch",
    "ClientSettings",
    "Clients",
    "Fault",
    "FaultMode",
    "Features",
    "ListenClients",
    "NotFoundError",
    "Service",
    "Share",
    "WorkerPool",
    "connect_clients",
    "connect_listen_clients",
    "serve_backends",
]
