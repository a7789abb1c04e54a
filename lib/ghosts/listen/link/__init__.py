"""The link to the pusher: one connection per session, and a circuit breaker per pod."""

from ghosts.listen.link.backoff import LinkState
from ghosts.listen.link.breaker import Breaker, BreakerOpenError, PublishedBreaker
from ghosts.listen.link.pusher_link import PusherLink
from ghosts.listen.link.requests import Requests

__all__ = [
    "Breaker",
    "BreakerOpenError",
    "LinkState",
    "PublishedBreaker",
    "PusherLink",
    "Requests",
]
