"""The pusher: the WebSocket service that leaked ghost connections.

It would run in production as it stands: it knows nothing of simulated time, devices or faults.
"""

from ghosts.pusher.lifecycles import LIFECYCLES, Lifecycle, gather_all, supervised
from ghosts.pusher.metrics import Metrics
from ghosts.pusher.server import Pusher, serve_pusher
from ghosts.pusher.session import Session

__all__ = [
    "LIFECYCLES",
    "Lifecycle",
    "Metrics",
    "Pusher",
    "Session",
    "gather_all",
    "serve_pusher",
    "supervised",
]
