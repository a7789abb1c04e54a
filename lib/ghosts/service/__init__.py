"""What the two services have in common: how one is served, and how its sessions learn of their end.

It would run in production as it stands: it knows nothing of simulated time, devices or faults.
"""

from ghosts.service.closing import close_within
from ghosts.service.lifetime import Lifetime
from ghosts.service.metrics import PodMetrics
from ghosts.service.query import one_id, one_rate
from ghosts.service.retirement import Retirement
from ghosts.service.server import SessionServer
from ghosts.service.tcp import Address, established_peers

__all__ = [
    "Address",
    "Lifetime",
    "PodMetrics",
    "Retirement",
    "SessionServer",
    "close_within",
    "established_peers",
    "one_id",
    "one_rate",
]
