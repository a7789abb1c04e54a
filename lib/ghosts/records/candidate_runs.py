"""The results of replaying a candidate cause: pods of a fleet, and verdicts."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import FiniteFloat


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSample:
    """One pod at one minute."""

    minute: int
    ghosts: int
    blocked_workers: int
    """Upload workers that have been in the same call for more than 150 s."""
    gauge: int
    tcp: int
    held_bytes: int
    """Audio that ghosts hold, at the scenario's scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRun:
    """What one pod of a fleet came to. Counts without a time are those at the end."""

    pod: int
    seed: int
    connections: int
    """At a time, as planned."""
    ghosts: int
    blocked_workers: int
    gauge: int
    tcp_mean: float
    """TCP connections, mean over all minutes."""
    sixteenth_minute: int | None
    """The minute at which all upload workers were first seen blocked; None is never."""
    held_bytes: int
    """Audio that ghosts hold, at the scenario's scale."""
    samples: tuple[PodSample, ...]
    """One every ten minutes, and one at the end."""

    def at(self, minute: int) -> PodSample:
        """Return the last sample at or before a minute; before the first, a pod without ghosts."""
        earlier = [sample for sample in self.samples if sample.minute <= minute]
        if earlier:
            return earlier[-1]
        return PodSample(minute=0, ghosts=0, blocked_workers=0, gauge=0, tcp=0, held_bytes=0)


class Answer(StrEnum):
    """What a candidate's runs say to an observation."""

    EXPLAINS = "explains"
    """The runs show what was observed."""
    CONTRADICTS = "contradicts"
    """The runs show something else."""
    CANNOT_TELL = "cannot_tell"
    """The runs, or the public record, do not decide it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One cell of the table."""

    candidate: str
    """The name of a candidate."""
    observation: str
    """O1 to O7."""
    answer: Answer
    number: FiniteFloat | None
    """What the answer rests on, from the runs; None if there is no such number."""
    unit: str
    """What the number counts."""
    reason: str
    """One sentence."""
