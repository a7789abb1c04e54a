"""The pusher: the WebSocket service that leaked ghost connections.

Production code: it imports nothing of variants, simulation or observation.
"""

from ghosts.pusher.metrics import PusherMetrics
from ghosts.pusher.server import Lifecycle, Pusher, serve_pusher
from ghosts.pusher.session import PusherSession
from ghosts.pusher.spool import Spool
from ghosts.pusher.spool_file import SpoolError

__all__ = [
    "Lifecycle",
    "Pusher",
    "PusherMetrics",
    "PusherSession",
    "Spool",
    "SpoolError",
    "serve_pusher",
]
