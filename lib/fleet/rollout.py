"""A rolling update: how many pods there are while it lasts, and its next step.

As documented for a Deployment, sections "Max Unavailable" and "Max Surge":
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#strategy
"""

import re
from dataclasses import dataclass
from typing import Final

from fleet.quantity import CapacityError, shown

_MOST_PODS: Final = 2**31 - 1
_PERCENT: Final = re.compile(r"([0-9]{1,9})%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a rolling update does next."""

    create: int
    """Pods of the new revision to create."""
    end: int
    """Pods of older revisions to terminate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpdate:
    """How far a rolling update may go above and below the desired number of pods.

    Each is a number of pods or a share of them, such as ``"25%"``.

    Raises:
        CapacityError: one is neither, or both are 0, so that nothing could ever move, or more than
            all may be missing.
    """

    max_surge: int | str = "25%"
    max_unavailable: int | str = "25%"

    def __post_init__(self) -> None:
        for name in ("max_surge", "max_unavailable"):
            _hundredths(name, getattr(self, name), 1)
        if isinstance(self.max_unavailable, str) and self.unavailable(100) > 100:
            raise CapacityError(f"max_unavailable: {self.max_unavailable} is more than all pods")
        if not any(
            _hundredths(name, getattr(self, name), 100) for name in ("max_surge", "max_unavailable")
        ):
            raise CapacityError(
                "max_surge and max_unavailable are both 0: no pod could be replaced"
            )

    def surge(self, pods: int) -> int:
        """Pods beyond the desired ones; a share is rounded up."""
        return -(-_hundredths("max_surge", self.max_surge, pods) // 100)

    def unavailable(self, pods: int) -> int:
        """Desired pods that may be unavailable; a share is rounded down.

        It is one where both would be 0 by rounding, so that something can move.
        """
        missing = _hundredths("max_unavailable", self.max_unavailable, pods) // 100
        return missing if missing or self.surge(pods) else min(1, pods)

    def most(self, pods: int) -> int:
        """Most pods at once while this many are desired."""
        return pods + self.surge(pods)

    def step(self, desired: int, *, old: int, new: int, available: int) -> Step:
        """Return what to do with ``old`` and ``new`` pods, ``available`` of the new ones ready.

        Pods that are terminating count as neither. New pods are created up to the surge. Old pods
        end as long as the desired number, less what may be unavailable, is left; a new pod that is
        not ready counts for nothing. Old pods that are not ready are to end first.
        """
        create = min(desired - new, self.most(desired) - old - new)
        spare = old + available - (desired - self.unavailable(desired))
        return Step(create=max(0, create), end=min(old, max(0, spare)))


def _hundredths(name: str, value: int | str, pods: int) -> int:
    """Return a hundred times that many pods."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_PODS:
        return value * 100
    if isinstance(value, str) and (share := _PERCENT.fullmatch(value)):
        return int(share[1]) * pods
    raise CapacityError(
        f"{name}: {shown(value)} is neither a number of pods nor a share such as 25%"
    )
