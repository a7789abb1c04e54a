"""What both services share: server, pings, base session, stop signals, metrics, kernel's counts.

Production code: it imports nothing of variants, simulation or observation.
"""

from ghosts.ws_server.backoff import doubling, pause_after
from ghosts.ws_server.collector import fewer_collections
from ghosts.ws_server.keepalive import PRODUCTION_KEEPALIVE, Keepalive
from ghosts.ws_server.kernel import Address, established_peers, on_linux_established
from ghosts.ws_server.metrics import ServerMetrics
from ghosts.ws_server.server import SessionServer
from ghosts.ws_server.session import BaseSession, NoRoomError, close_within
from ghosts.ws_server.stop_signals import GracefulStop, StopSignals

__all__ = [
    "PRODUCTION_KEEPALIVE",
    "Address",
    "BaseSession",
    "GracefulStop",
    "Keepalive",
    "NoRoomError",
    "ServerMetrics",
    "SessionServer",
    "StopSignals",
    "close_within",
    "doubling",
    "established_peers",
    "fewer_collections",
    "on_linux_established",
    "pause_after",
]
