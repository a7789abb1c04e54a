"""The pusher: the WebSocket service that leaked ghost connections.

It would run in production as it stands: it knows nothing of simulated time, devices or faults.
"""

from ghosts.pusher.history import supervised_by_hand
from ghosts.pusher.lifecycles import (
    COMPARED,
    LIFECYCLES,
    Lifecycle,
    client_settings_of,
    gather_all,
    is_lifecycle,
    lifecycle_name,
    shipped,
    supervised,
)
from ghosts.pusher.metrics import Metrics
from ghosts.pusher.server import Pusher, serve_pusher
from ghosts.pusher.session import Session
from ghosts.pusher.spool import Spool, SpoolError

__all__ = [
    "COMPARED",
    "LIFECYCLES",
    "Lifecycle",
    "Metrics",
    "Pusher",
    "Session",
    "Spool",
    "SpoolError",
    "client_settings_of",
    "gather_all",
    "is_lifecycle",
    "lifecycle_name",
    "serve_pusher",
    "shipped",
    "supervised",
    "supervised_by_hand",
]
