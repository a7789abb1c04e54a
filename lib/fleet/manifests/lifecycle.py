"""How pods are replaced, probed and ended, as values and manifests write it."""

from fleet.manifests.section import Section
from fleet.probes import Probe
from fleet.quantity import CapacityError, prefixed
from fleet.rollout import RollingUpdate

ONE_BY_ONE = RollingUpdate(max_surge=0, max_unavailable=1)
"""How a StatefulSet replaces its pods."""
ALL_AT_ONCE = RollingUpdate(max_surge=0, max_unavailable="100%")
"""How a Deployment does with the strategy Recreate: no pod more than desired."""


def rollout_of(strategy: Section, default: RollingUpdate | None = None) -> RollingUpdate:
    """Read the strategy of a Deployment; ``default`` is what is used of a part left out."""
    default = default or RollingUpdate()
    strategy.only("type", "rollingUpdate")
    kind = strategy.choice("type", ("RollingUpdate", "Recreate", "OnDelete"), "RollingUpdate")
    update = strategy.section("rollingUpdate")
    update.only("maxSurge", "maxUnavailable", "partition")
    if kind != "RollingUpdate":
        return ALL_AT_ONCE if kind == "Recreate" else ONE_BY_ONE
    surge, missing = update.content.get("maxSurge"), update.content.get("maxUnavailable")
    with prefixed(update.path):
        return RollingUpdate(
            max_surge=default.max_surge if surge is None else surge,
            max_unavailable=default.max_unavailable if missing is None else missing,
        )


def probe_of(given: Section) -> Probe:
    """Read a probe; on its other keys no figure depends."""
    given.others(("periodSeconds", "timeoutSeconds", "failureThreshold"))
    default = Probe()
    period, timeout, failures = (
        given.whole(key) for key in ("periodSeconds", "timeoutSeconds", "failureThreshold")
    )
    with prefixed(given.path):
        return Probe(
            period=default.period if period is None else period,
            timeout=default.timeout if timeout is None else timeout,
            failure_threshold=default.failure_threshold if failures is None else failures,
        )


def grace_of(section: Section) -> int:
    """Read the seconds between SIGTERM and SIGKILL."""
    grace = section.whole("terminationGracePeriodSeconds")
    if grace is not None and grace < 0:
        raise CapacityError(f"{section.at('terminationGracePeriodSeconds')}: {grace} is below 0")
    return 30 if grace is None else grace
