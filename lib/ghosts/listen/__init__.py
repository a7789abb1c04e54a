"""Listen: the WebSocket service that devices connect to, and that feeds the pusher.

Production code: it imports nothing of variants, simulation or observation.
"""

from ghosts.listen.metrics import ListenMetrics
from ghosts.listen.server import Listen, ListenLifecycle, serve_listen
from ghosts.listen.session import ListenSession
from ghosts.listen.settings import ListenSettings

__all__ = [
    "Listen",
    "ListenLifecycle",
    "ListenMetrics",
    "ListenSession",
    "ListenSettings",
    "serve_listen",
]
