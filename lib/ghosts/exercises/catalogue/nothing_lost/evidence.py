"""What there is against an answer, for the rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

from ghosts.exercises.catalogue.nothing_lost.case import DISK_FULL
from ghosts.exercises.catalogue.nothing_lost.causes import Cause, causes_of
from ghosts.exercises.catalogue.nothing_lost.observed import Missing, Observed
from ghosts.exercises.catalogue.nothing_lost.sent import Mistake, first_mistake
from ghosts.exercises.catalogue.nothing_lost.storage_client import Upload
from ghosts.pusher.spool_file import Key


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was observed, the deadline it was observed with, and the causes of the losses."""

    seen: Observed
    deadline: float | None
    causes: Mapping[Cause, list[Missing]]
    mistake: Mistake | None
    """The first mistake of an upload that was tried before the disk was full."""
    later_mistake: Mistake | None
    """The first one since then."""

    @classmethod
    def of(cls, seen: Observed, deadline: float | None) -> Self:
        """Return what there is against an answer."""
        early = {each.sent: None for each in seen.uploads if each.began < DISK_FULL[0]}
        late = {each.sent: None for each in seen.uploads if each.sent not in early}
        mistake = first_mistake(early, seen.streams)
        later = first_mistake(late, seen.streams) if mistake is None else None
        return cls(seen, deadline, causes_of(seen), mistake, later)


Audio: TypeAlias = tuple[int, Key, float]
"""Audio of one process, by its conversation and its start."""
Attempts: TypeAlias = dict[str, Upload]
"""Attempts by their delivery id."""
Rule: TypeAlias = Callable[[Evidence], str | None]


def audio_of(upload: Upload) -> Audio:
    """Return which audio an attempt is for."""
    return upload.process, upload.sent.key, upload.sent.started_at
