"""How much faster and smaller than the others our utilities have to be."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from async_tasks_cost.measure import BASELINE, OURS, Record

_SLEEPERS: Final = 0.55 if sys.version_info < (3, 12) else 0.85
"""``wait_for`` made a task for every sleeper until Python 3.12."""


@dataclass(frozen=True, slots=True)
class Target:
    """Ours takes at most ``at_most`` of what ``than`` takes, in the same run.

    Where that is not reached, ``so_far`` is what a run is held to meanwhile.
    """

    workload: str
    n: int
    quantity: Literal["seconds", "peak_bytes"]
    at_most: float
    than: str = BASELINE
    so_far: float | None = None

    def __str__(self) -> str:
        what = "time" if self.quantity == "seconds" else "memory"
        return f"{self.workload} {self.n:,}: {what} at most {self.at_most:g} of {self.than}"

    def ratio(self, records: Iterable[Record]) -> float:
        """Return what ours takes over what the other takes."""
        value = {
            record.implementation: getattr(record, self.quantity)
            for record in records
            if (record.workload, record.n) == (self.workload, self.n)
        }
        return float(value[OURS] / value[self.than])


_PEERS: Final = ("TaskGroup, semaphore", "anyio", "aiotools", "aiometer")
TARGETS: Final = (
    Target("supervise", 1_000, "seconds", 0.05),
    Target("sessions at once", 1_000, "seconds", 0.6, so_far=0.8),
    Target("sessions at once", 1_000, "peak_bytes", 0.75),
    Target("drain", 10_000, "seconds", 1.1),
    Target("gather", 100_000, "seconds", 0.25),
    Target("gather", 100_000, "peak_bytes", 0.07),
    Target("gather, timeout", 100_000, "seconds", 0.25),
    Target("gather, timeout", 100_000, "peak_bytes", 0.07),
    *(
        Target("gather", 100_000, "seconds", 1.0, than=peer)
        for peer in (*_PEERS, "asyncio.gather, unbounded", "asyncio.gather, semaphore")
    ),
    *(Target("gather, timeout", 10_000, "seconds", 1.0, than=peer) for peer in _PEERS),
    Target("sleep", 10_000, "seconds", _SLEEPERS),
)
