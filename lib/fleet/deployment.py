"""The settings of a service's pods: requests, number, replacement."""

from dataclasses import dataclass, field

from fleet.autoscaler import Scaling
from fleet.placement import Placement
from fleet.pods import PodResources
from fleet.probes import Probe
from fleet.rollout import RollingUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The settings of the service's pods."""

    resources: PodResources
    scaling: Scaling | None
    """None: the number of pods is fixed."""
    replicas: int = 1
    """Pods where nothing scales them."""
    rollout: RollingUpdate = field(default_factory=RollingUpdate)
    liveness: Probe = field(default_factory=Probe)
    readiness: Probe = field(default_factory=Probe)
    grace: int = 30
    """Seconds between SIGTERM and SIGKILL."""
    placement: Placement = field(default_factory=Placement)
    not_counted: tuple[str, ...] = ()
    """What its files have and no figure here includes, in words."""

    @property
    def fewest(self) -> int:
        """Pods at least."""
        return self.replicas if self.scaling is None else self.scaling.fewest

    @property
    def most(self) -> int:
        """Pods at most, without a rollout's surge."""
        return self.replicas if self.scaling is None else self.scaling.most
