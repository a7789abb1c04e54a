"""The forms of a pod of listen, beyond the lifecycle of its sessions."""

from dataclasses import dataclass, replace
from typing import Final

from ghosts.backends import PUBLISHED, SHIPPED, ClientSettings
from ghosts.listen.apps import FanOut, a_few_at_a_time, all_at_once
from ghosts.listen.link import Breaker, Buffers, Outbox, PublishedBreaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What goes with a lifecycle: as published, or as one would ship it."""

    feed: type[Buffers] | type[Outbox]
    breaker: type[Breaker]
    fan_out: FanOut
    keeps_unheard: bool
    """Whether speech is kept until it was heard, or cleared before it is sent to be."""
    clients: ClientSettings

    @property
    def acknowledged(self) -> bool:
        """Whether the pusher is asked to acknowledge what it will not lose."""
        return self.feed is Outbox


INCIDENT: Final = Form(
    feed=Buffers,
    breaker=PublishedBreaker,
    fan_out=all_at_once,
    keeps_unheard=False,
    clients=PUBLISHED,
)
PUBLISHED_FIX: Final = replace(INCIDENT, fan_out=a_few_at_a_time)
TO_SHIP: Final = Form(
    feed=Outbox,
    breaker=Breaker,
    fan_out=a_few_at_a_time,
    keeps_unheard=True,
    clients=SHIPPED,
)
