"""A cell of the table: what one candidate's runs say to one observation."""

from dataclasses import dataclass
from enum import StrEnum


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
    number: float | None
    """What the answer rests on, from the runs; None if there is no such number."""
    unit: str
    """What the number counts."""
    reason: str
    """One sentence."""
