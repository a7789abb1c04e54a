"""A Helm chart's values, as far as capacity depends on them, and the pool that they run on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ghosts.capacity.autoscaler import Scaling
from ghosts.capacity.packing import Node, Pool
from ghosts.capacity.pods import PodResources, Resources
from ghosts.capacity.probes import Probe
from ghosts.capacity.quantity import CapacityError, said_of
from ghosts.capacity.rollout import RollingUpdate
from ghosts.capacity.scaling import Behaviour, Policy, PolicyType, Rules, Select
from ghosts.invalid import first_fault
from ghosts.paths import DATA

CHART: Final = DATA / "chart"
POOL: Final = CHART / "pool.yaml"
"""The pool of nodes of 2026-05-13."""
BEFORE: Final = (CHART / "values.yaml",)
"""The values of 2026-05-13, before anything was changed."""
FIRST_CUT: Final = (*BEFORE, CHART / "values-first-cut.yaml")
SECOND_CUT: Final = (*BEFORE, CHART / "values-second-cut.yaml")


_WORDS: Final = {
    "missing": "is missing; a file that holds a part goes after the one below it",
    "extra_forbidden": "is not known; see data/chart/README.md for what is read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the values say of the service's pods."""

    resources: PodResources
    scaling: Scaling
    rollout: RollingUpdate
    liveness: Probe
    readiness: Probe
    grace: int
    """Seconds between the request to end and the kill."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class _Resources(_Section):
    requests: dict[str, Any] = {}
    limits: dict[str, Any] = {}


class _Policy(_Section):
    type: Literal["Pods", "Percent"]
    value: int
    period_seconds: int


class _Rules(_Section):
    stabilization_window_seconds: int | None = None
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    policies: list[_Policy] | None = None


class _Behavior(_Section):
    scale_up: _Rules = Field(default_factory=_Rules)
    scale_down: _Rules = Field(default_factory=_Rules)


class _Autoscaling(_Section):
    enabled: Literal[True] = True
    min_replicas: int
    max_replicas: int
    active_connections_per_pod: float
    behavior: _Behavior = Field(default_factory=_Behavior)


class _RollingUpdate(_Section):
    max_surge: int | str = "25%"
    max_unavailable: int | str = "25%"


class _Strategy(_Section):
    type: Literal["RollingUpdate"] = "RollingUpdate"
    rolling_update: _RollingUpdate = Field(default_factory=_RollingUpdate)


class _Probe(_Section):
    """What is asked, and when it is first asked, is not counted here."""

    http_get: Any = None
    tcp_socket: Any = None
    exec: Any = None
    grpc: Any = None
    initial_delay_seconds: int = 0
    success_threshold: int = 1
    termination_grace_period_seconds: int | None = None
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3


class _Values(_Section):
    """A chart has more keys than these; what is in one of these is read to the last."""

    model_config = ConfigDict(extra="ignore", strict=True, alias_generator=to_camel)

    resources: _Resources
    autoscaling: _Autoscaling
    strategy: _Strategy = Field(default_factory=_Strategy)
    liveness_probe: _Probe = Field(default_factory=_Probe)
    readiness_probe: _Probe = Field(default_factory=_Probe)
    termination_grace_period_seconds: int = Field(default=30, ge=0)


class _Pool(_Section):
    nodes: int
    allocatable: dict[str, Any]
    daemonsets: dict[str, Any] = {}


def load_values(file: Path, *above: Path) -> Deployment:
    """Load a chart's values: a file and those over it, as with several ``helm --values``.

    Maps are merged key by key; anything else is replaced. Connections per pod are under
    ``autoscaling.activeConnectionsPerPod``, as in the service's own chart; what is left out has
    Kubernetes' default.

    Raises:
        CapacityError: what the files say together cannot be; it names the file and the key.
        OSError: a file cannot be read.
    """
    where = " + ".join(each.name for each in (file, *above))
    merged: dict[str, Any] = {}
    for each in (file, *above):
        merged = _merge(merged, _read(each))
    try:
        return _deployment(_Values.model_validate(merged))
    except (ValidationError, CapacityError) as error:
        raise CapacityError(f"{where}: {_said(error)}") from None


def load_pool(file: Path = POOL) -> Pool:
    """Load a pool of nodes: ``nodes``, ``allocatable`` and ``daemonsets``.

    Raises:
        CapacityError: the file cannot be a pool's; it names the key.
        OSError: it cannot be read.
    """
    values = _read(file)
    try:
        pool = _Pool.model_validate(values)
        node = Node(
            allocatable=Resources.parse(pool.allocatable),
            daemonsets=Resources.parse(pool.daemonsets),
        )
        return Pool(nodes=pool.nodes, node=node)
    except (ValidationError, CapacityError) as error:
        raise CapacityError(f"{file.name}: {_said(error)}") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_bytes())
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise CapacityError(f"{file.name}{line}: is not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError):
        raise CapacityError(f"{file.name}: is not YAML") from None
    if not isinstance(values, dict):
        raise CapacityError(f"{file.name}: should be a map of values")
    return values


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _deployment(values: _Values) -> Deployment:
    asked, update = values.autoscaling, values.strategy.rolling_update
    with said_of("resources"):
        resources = PodResources.parse(
            requests=values.resources.requests, limits=values.resources.limits
        )
    with said_of("autoscaling"):
        scaling = Scaling(
            fewest=asked.min_replicas,
            most=asked.max_replicas,
            target=asked.active_connections_per_pod,
            behaviour=_behaviour(asked.behavior),
        )
    with said_of("strategy.rollingUpdate"):
        rollout = RollingUpdate(max_surge=update.max_surge, max_unavailable=update.max_unavailable)
    return Deployment(
        resources=resources,
        scaling=scaling,
        rollout=rollout,
        liveness=_probe("livenessProbe", values.liveness_probe),
        readiness=_probe("readinessProbe", values.readiness_probe),
        grace=values.termination_grace_period_seconds,
    )


def _behaviour(given: _Behavior) -> Behaviour:
    default = Behaviour()
    with said_of("behavior.scaleUp"):
        up = _rules(given.scale_up, default.up)
    with said_of("behavior.scaleDown"):
        down = _rules(given.scale_down, default.down)
    return Behaviour(up=up, down=down)


def _rules(given: _Rules, default: Rules) -> Rules:
    window = given.stabilization_window_seconds
    return Rules(
        window=default.window if window is None else window,
        policies=default.policies if given.policies is None else _policies(given.policies),
        select=default.select if given.select_policy is None else Select(given.select_policy),
    )


def _policies(given: Iterable[_Policy]) -> tuple[Policy, ...]:
    return tuple(
        Policy(type=PolicyType(each.type), value=each.value, period=each.period_seconds)
        for each in given
    )


def _probe(key: str, given: _Probe) -> Probe:
    with said_of(key):
        return Probe(
            period=given.period_seconds,
            timeout=given.timeout_seconds,
            failure_threshold=given.failure_threshold,
        )


def _said(error: ValidationError | CapacityError) -> str:
    return str(error) if isinstance(error, CapacityError) else first_fault(error, _WORDS)
