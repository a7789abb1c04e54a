"""Settings of a pod of listen, besides its clients and the lifecycle of its sessions."""

from dataclasses import dataclass

from ghosts.listen.apps import FanOut
from ghosts.listen.link import Breaker
from ghosts.listen.outbound import AcknowledgedQueue, LossyQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenSettings:
    """How sessions of listen queue, retry, fan out and transcribe."""

    outbound: type[LossyQueue] | type[AcknowledgedQueue]
    """The outbound queue: lossy, as published, or acknowledged."""
    breaker: type[Breaker]
    """The circuit breaker of connections to the pusher, which all sessions of the pod share."""
    fan_out: FanOut
    """How a transcript is sent to all apps of a user."""
    keeps_unheard: bool
    """Whether audio is kept until it was transcribed. As published it is not: a failed call loses
    it."""
