"""The services that sessions call: their clients, and an in-process server that can fail."""

from ghosts.backends.clients import (
    Batch,
    Clients,
    Features,
    Service,
    connect_clients,
)
from ghosts.backends.faults import BACKENDS, Backend, Fault, FaultMode
from ghosts.backends.pool import WorkerPool
from ghosts.backends.server import Backends, serve_backends

__all__ = [
    "BACKENDS",
    "Backend",
    "Backends",
    "Batch",
    "Clients",
    "Fault",
    "FaultMode",
    "Features",
    "Service",
    "WorkerPool",
    "connect_clients",
    "serve_backends",
]
