"""The outbound queue: what a session of listen queues for the pusher, lossy or acknowledged."""

from ghosts.listen.outbound.acknowledged import AcknowledgedQueue
from ghosts.listen.outbound.lossy import LossyQueue
from ghosts.listen.outbound.queue import OutboundQueue, QueueFullError

__all__ = ["AcknowledgedQueue", "LossyQueue", "OutboundQueue", "QueueFullError"]
