"""Retained memory converted to minutes of audio that was not uploaded."""

import math
from dataclasses import dataclass
from pathlib import Path

from ghosts.evidence.records import facts
from ghosts.paths import DATA

MIB = 2**20
"""Bytes in one MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkQueue:
    """A session's queue of audio that waits for its upload, oldest chunk dropped when full."""

    sample_rate_hz: int
    chunk_minutes: float
    chunk_mib: float
    limit: int
    """Chunks."""

    @property
    def limit_mib(self) -> float:
        """The most that a full queue holds."""
        return self.limit * self.chunk_mib

    def chunks(self, retained_mib: float) -> float:
        """Return the number of chunks in an amount of memory."""
        return retained_mib / self.chunk_mib

    def minutes_stuck(self, retained_mib: float) -> float:
        """Return for how long nothing was uploaded, if the queue is not full."""
        return self.chunks(retained_mib) * self.chunk_minutes

    def retained_mib(self, minutes_stuck: float) -> float:
        """Return what the queue holds when nothing was uploaded for so long: whole chunks."""
        return min(math.floor(minutes_stuck / self.chunk_minutes), self.limit) * self.chunk_mib


def chunk_queue(sample_rate_hz: int | None = None, folder: Path = DATA) -> ChunkQueue:
    """Return the queue of a device of this sample rate; the default is the service's default."""
    constant = {one.name: one.value for one in facts("service_constants", folder=folder)}
    rate = round(constant["sample_rate"]) if sample_rate_hz is None else sample_rate_hz
    seconds = constant["chunk_duration"]
    return ChunkQueue(
        sample_rate_hz=rate,
        chunk_minutes=seconds / 60,
        chunk_mib=rate * constant["bytes_per_sample"] * seconds / MIB,
        limit=round(constant["private_cloud_queue_limit"]),
    )
