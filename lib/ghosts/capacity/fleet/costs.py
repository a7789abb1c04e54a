"""What a connection costs its pod, read off a full replay."""

from dataclasses import dataclass
from statistics import mean
from typing import Self

from ghosts.capacity.quantity import MIB, CapacityError
from ghosts.evidence import fact
from ghosts.records.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Memory, in MiB, and what becomes of a connection whose audio cannot be stored."""

    pod: float
    """Of a pod without connections: the record's, for a replay is no pod."""
    healthy: float
    """Of a connection while storage works: audio on its way.

    It is charged to those whose audio is not stored as well: apps and webhooks have theirs buffered
    too.
    """
    stuck_per_minute: float
    """More, for each minute of audio that is not taken."""
    stuck_most: float
    """Of a connection whose queue is full."""
    ghosts_per_departure: float
    """Ghosts made when one such device leaves."""
    left_behind: float
    """That stays in the pod where such a device leaves and makes no ghost."""

    @classmethod
    def measured(cls, recording: Recording) -> Self:
        """Read them off a full replay whose storage stops answering, for all that store audio.

        Raises:
            CapacityError: the replay is of another kind.
        """
        faults = [each.start for each in recording.scenario.faults if each.backend == "storage"]
        left = recording.times("device_left")
        if recording.scale != 1 or not faults or isinstance(faults[0], str) or not left:
            raise CapacityError(
                f"{recording.scenario.name}: should be a full replay whose storage stops answering "
                "before devices leave"
            )
        arrived, first = max(recording.times("device_arrived").values()), min(left.values())
        healthy, stuck = (
            [each for each in recording.samples if start <= each.t < end]
            for start, end in ((arrived, faults[0]), (faults[0], first))
        )
        grown = stuck[-1].queued_bytes / stuck[-1].tcp - stuck[0].queued_bytes / stuck[0].tcp
        last = recording.last
        return cls(
            pod=fact("memory_baseline").value,
            healthy=mean(each.queued_bytes / each.tcp for each in healthy) / MIB,
            stuck_per_minute=grown / MIB / (stuck[-1].t - stuck[0].t) * 60,
            stuck_most=max(each.retained_bytes for each in recording.sessions) / MIB,
            ghosts_per_departure=last.ghosts / len(left),
            left_behind=last.abandoned_bytes / len(left) / MIB,
        )

    def stuck(self, seconds: float) -> float:
        """Return what a connection holds, beyond a healthy one, after so long without storage."""
        return min(self.stuck_per_minute * seconds / 60, self.stuck_most - self.healthy)
