"""Listen's client of the pusher: one link a session, and a breaker that a pod's links share."""

from ghosts.listen.link.backoff import LinkState
from ghosts.listen.link.breaker import Breaker, BreakerOpenError, PublishedBreaker
from ghosts.listen.link.buffers import Buffers
from ghosts.listen.link.feed import Feed, FeedFullError
from ghosts.listen.link.outbox import Outbox
from ghosts.listen.link.pusher_link import PusherLink
from ghosts.listen.link.requests import Requests

__all__ = [
    "Breaker",
    "BreakerOpenError",
    "Buffers",
    "Feed",
    "FeedFullError",
    "LinkState",
    "Outbox",
    "PublishedBreaker",
    "PusherLink",
    "Requests",
]
