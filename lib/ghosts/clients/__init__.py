"""HTTP clients of the backends, their timeouts, and the upload pool."""

from ghosts.clients.clients import (
    Batch,
    Features,
    ListenClients,
    PusherClients,
    connect_listen_clients,
    connect_pusher_clients,
)
from ghosts.clients.http import BackendError, ClientOf, NotFoundError, Service
from ghosts.clients.settings import DEADLINES, PUBLISHED, ClientSettings
from ghosts.clients.upload_pool import UploadPool

__all__ = [
    "DEADLINES",
    "PUBLISHED",
    "BackendError",
    "Batch",
    "ClientOf",
    "ClientSettings",
    "Features",
    "ListenClients",
    "NotFoundError",
    "PusherClients",
    "Service",
    "UploadPool",
    "connect_listen_clients",
    "connect_pusher_clients",
]
