"""The values of a Helm chart that capacity depends on, and the pool of nodes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from fleet.autoscaler import Scaling
from fleet.packing import Node, Pool
from fleet.pods import PodResources, Resources
from fleet.probes import Probe
from fleet.quantity import CapacityError, prefixed
from fleet.rollout import RollingUpdate
from fleet.scaling import Behaviour, Policy, PolicyType, Rules, Select
from ghosts.paths import DATA
from ghosts.records.validation import invalid_value

CHART: Final = DATA / "chart"
POOL: Final = CHART / "pool.yaml"
"""The pool of nodes of 2026-05-13."""
BEFORE: Final = (CHART / "values.yaml",)
"""The values of 2026-05-13, before anything was changed."""
FIRST_CUT: Final = (*BEFORE, CHART / "values-first-cut.yaml")
SECOND_CUT: Final = (*BEFORE, CHART / "values-second-cut.yaml")
_PART_HINT: Final = "; a file that holds a part goes after the one below it"
"""Ends the message for a single file in which a key is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """The settings of the service's pods."""

    resources: PodResources
    scaling: Scaling
    rollout: RollingUpdate
    liveness: Probe
    readiness: Probe
    grace: int
    """Seconds between SIGTERM and SIGKILL."""


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, defer_build=True
    )


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
    """The check itself, and the delay before the first one, do not count here."""

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
    """Other keys of the chart are ignored; within these, every key is checked."""

    model_config = ConfigDict(
        extra="ignore", strict=True, alias_generator=to_camel, defer_build=True
    )

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
        CapacityError: a merged value is not possible; the message names the files and the key.
        OSError: a file cannot be read.
    """
    where = " + ".join(each.name for each in (file, *above))
    merged: dict[str, Any] = {}
    for each in (file, *above):
        merged = _merge(merged, _read(each))
    try:
        return _deployment(_Values.model_validate(merged))
    except ValidationError as error:
        hint = _PART_HINT if error.errors()[0]["type"] == "missing" and not above else ""
        raise CapacityError(f"{where}: {invalid_value(error, _Values)}{hint}") from None
    except CapacityError as error:
        raise CapacityError(f"{where}: {error}") from None


def load_pool(file: Path = POOL) -> Pool:
    """Load a pool of nodes: ``nodes``, ``allocatable`` and ``daemonsets``.

    Raises:
        CapacityError: a value is not possible; the message names the file and the key.
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
    except ValidationError as error:
        raise CapacityError(f"{file.name}: {invalid_value(error, _Pool)}") from None
    except CapacityError as error:
        raise CapacityError(f"{file.name}: {error}") from None


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
    autoscaling, update = values.autoscaling, values.strategy.rolling_update
    with prefixed("resources"):
        resources = PodResources.parse(
            requests=values.resources.requests, limits=values.resources.limits
        )
    with prefixed("autoscaling"):
        scaling = Scaling(
            fewest=autoscaling.min_replicas,
            most=autoscaling.max_replicas,
            target=autoscaling.active_connections_per_pod,
            behaviour=_behaviour(autoscaling.behavior),
        )
    with prefixed("strategy.rollingUpdate"):
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
    with prefixed("behavior.scaleUp"):
        up = _rules(given.scale_up, default.up)
    with prefixed("behavior.scaleDown"):
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
    with prefixed(key):
        return Probe(
            period=given.period_seconds,
            timeout=given.timeout_seconds,
            failure_threshold=given.failure_threshold,
        )
