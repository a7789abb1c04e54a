"""The state of a fleet at one moment: its largest pod, and all others."""

from collections.abc import Sequence
from dataclasses import dataclass

from ghosts.config import STORAGE_WORKERS
from ghosts.evidence import MIB
from ghosts.records.candidate_runs import PodRun
from ghosts.records.scenario import TENTH


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetState:
    """A fleet at one sampled minute; all pods are of the same age."""

    minute: int
    largest: int
    """Ghosts on the pod that has most."""
    others: int
    """Ghosts on all other pods together."""
    others_mib_per_pod: float
    """MiB of audio that these hold, per pod, at full scale."""
    others_blocked_workers: float
    """Blocked upload workers of the other pods, mean."""
    full_pods: int
    """Pods whose upload workers are all blocked."""


def sampled_minutes(fleet: Sequence[PodRun]) -> list[int]:
    """Return the minutes at which pods were sampled."""
    return sorted({one.minute for run in fleet for one in run.samples})


def state_at(fleet: Sequence[PodRun], minute: int) -> FleetState:
    """Return the state of a fleet at a sampled minute, or at the last one before it."""
    seen = sorted((run.at(minute) for run in fleet), key=lambda one: -one.ghosts)
    others, count = seen[1:], max(1, len(seen) - 1)
    return FleetState(
        minute=seen[0].minute,
        largest=seen[0].ghosts,
        others=sum(one.ghosts for one in others),
        others_mib_per_pod=sum(one.held_bytes for one in others) / TENTH / MIB / count,
        others_blocked_workers=sum(one.blocked_workers for one in others) / count,
        full_pods=sum(one.blocked_workers == STORAGE_WORKERS for one in seen),
    )


def when_largest_has(fleet: Sequence[PodRun], ghosts: float) -> FleetState | None:
    """Return the first state in which one pod has this number of ghosts; None is never."""
    states = (state_at(fleet, minute) for minute in sampled_minutes(fleet))
    return next((state for state in states if state.largest >= ghosts), None)


def when_first_is_full(fleet: Sequence[PodRun]) -> FleetState | None:
    """Return the first state in which a pod has all its upload workers blocked; None is never."""
    states = (state_at(fleet, minute) for minute in sampled_minutes(fleet))
    return next((state for state in states if state.full_pods), None)


def age_of_few(fleet: Sequence[PodRun], ghosts: int) -> int:
    """Return the last sampled minute up to which the other pods have so few ghosts together."""
    age = 0
    for minute in sampled_minutes(fleet):
        if state_at(fleet, minute).others > ghosts:
            break
        age = minute
    return age
