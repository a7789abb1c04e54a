"""The values of a Helm chart that capacity depends on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fleet.autoscaler import Scaling
from fleet.containers import Container, together
from fleet.deployment import Deployment
from fleet.manifests.autoscaling import scaling_of_values
from fleet.manifests.lifecycle import grace_of, probe_of, rollout_of
from fleet.manifests.pods import container_of, placement_of, resources_of
from fleet.manifests.section import Section
from fleet.probes import Probe
from fleet.quantity import CapacityError, plain
from fleet.rollout import RollingUpdate
from ghosts.errors import did_you_mean

_AUTOSCALERS: Final = ("autoscaling", "hpa", "horizontalPodAutoscaler", "autoscaler")
_FLAT: Final = {
    "enabled": "autoscaleEnabled",
    "minReplicas": "autoscaleMin",
    "maxReplicas": "autoscaleMax",
    "behavior": "autoscaleBehavior",
    "cpu": "cpu",
    "memory": "memory",
}
_SIDECARS: Final = (
    "sidecars",
    "sidecarContainers",
    "extraContainers",
    "additionalContainers",
    "containers",
)
_INIT: Final = ("initContainers", "extraInitContainers", "additionalInitContainers")
_STRATEGIES: Final = ("strategy", "updateStrategy", "deploymentStrategy")
_DEEPEST: Final = 6
"""Levels at which other ``resources`` are looked for."""
_MOST_LISTED: Final = 4
"""Names in a message."""


def merged(below: Mapping[Any, Any], above: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return values with others over them, as with several ``helm --values``.

    Maps are merged key by key; anything else is replaced. Null deletes a key: it stays here as
    null, which counts as left out.
    """
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            result[key] = merged(under, value)
        else:
            result[key] = value
    return result


def deployment_of_values(values: Section, at: str | None) -> Deployment:
    """Read a chart's values, or their part at a path.

    Raises:
        CapacityError: a value is not possible, or there are no ``resources``; it names the key.
    """
    chain, resources = _found(values, at)
    section = chain[-1]
    main = Container(resources=resources_of(resources))
    containers = [main, *_containers(section, _SIDECARS), *_containers(section, _INIT, init=True)]
    counted = [resources.content, *(section.get(key) for key in (*_SIDECARS, *_INIT))]
    if others := _places(section, counted):
        section.note(f"the resources of {_listed(others)}")
    if not resources.content and section.text("resourcesPreset") not in ("", "none"):
        section.note(section.at("resourcesPreset"))
    return Deployment(
        resources=together(containers),
        scaling=_scaling(chain, containers),
        replicas=_replicas(section),
        rollout=_rollout(section),
        liveness=_probe(section, "livenessProbe"),
        readiness=_probe(section, "readinessProbe"),
        grace=grace_of(section),
        placement=placement_of(section),
    )


def _found(values: Section, at: str | None) -> tuple[list[Section], Section]:
    """Return the sections from the top to the one at a path, and its ``resources``."""
    chain = [values]
    for key in at.split(".") if at else ():
        chain.append(_below(chain[-1], key))
    last = chain[-1]
    if "resources" in last.content:
        return chain, last.section("resources")
    if at and last.content.keys() & {"requests", "limits"}:
        return chain[:-1], last
    places = _places(last)
    where = f"; they are under {_listed(places)}: give one with --at" if places else ""
    raise CapacityError(f"{last.at('resources')}: missing{where}")


def _below(section: Section, key: str) -> Section:
    if not isinstance(section.get(key), dict):
        known = [each for each, value in section.content.items() if isinstance(value, dict)]
        names = [plain(each) for each in known]
        rest = did_you_mean(key, names) or f"; there are: {_listed(names) or 'none'}"
        raise CapacityError(f"--at {section.at(key)}: no such section{rest}")
    return section.section(key)


def _places(section: Section, counted: Iterable[object] = ()) -> list[str]:
    """Return the paths below a section that have ``resources`` of their own."""
    found: list[str] = []
    seen = {id(each) for each in counted}  # an alias leads to the same map again
    pending = [(section, 0)]
    while pending:
        one, depth = pending.pop(0)
        for key, value in one.content.items():
            if not isinstance(value, dict) or not value or id(value) in seen or depth > _DEEPEST:
                continue
            seen.add(id(value))
            if key == "resources" and value.keys() & {"requests", "limits"}:
                found.append(one.path)
            elif isinstance(key, str):
                pending.append((one.section(key), depth + 1))
    return found


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _containers(
    section: Section, keys: Sequence[str], *, init: bool = False
) -> Iterator[Container]:
    """Yield the containers that a chart takes as a list, or as a map by name."""
    for key in keys:
        value = section.get(key)
        if isinstance(value, dict):
            inside = section.section(key)
            for name in value:
                if isinstance(value[name], dict):
                    yield container_of(inside.section(name), init=init, name=plain(name))
        elif isinstance(value, list) and all(isinstance(each, dict) for each in value):
            for place, each in enumerate(section.sections(key)):
                yield container_of(each, init=init, name=f"{key}[{place}]")
        elif value is not None:
            section.note(section.at(key))


def _scaling(chain: Sequence[Section], containers: Sequence[Container]) -> Scaling | None:
    """Read the autoscaler of a section, or of one above it that has no pods of its own."""
    for section in reversed(chain):
        if section is not chain[-1] and section.get("resources") is not None:
            return None
        key = next((key for key in _AUTOSCALERS if section.get(key) is not None), None)
        if key is not None:
            return _enabled(section, key, containers)
        if section.get("autoscaleMax") is not None:  # Istio has no section for it
            flat = {name: section.get(key) for name, key in _FLAT.items()}
            return _enabled(replace(section, content={"autoscale": flat}), "autoscale", containers)
    return None


def _enabled(section: Section, key: str, containers: Sequence[Container]) -> Scaling | None:
    if section.get(key) is False:
        return None
    autoscaling = section.section(key)
    if not autoscaling.flag("enabled", default=True):
        return None
    if isinstance(autoscaling.get("hpa"), dict):
        return _enabled(autoscaling, "hpa", containers)
    if autoscaling.get("maxReplicas") is None:
        bounds = {key: section.get(key) for key in ("minReplicas", "maxReplicas")}
        autoscaling = replace(autoscaling, content={**autoscaling.content, **bounds})
    if autoscaling.get("maxReplicas") is None:
        autoscaling.others(("minReplicas", "maxReplicas"))
        section.note(f"{autoscaling.path}, as it has no maxReplicas")
        return None
    return scaling_of_values(autoscaling, containers)


def _replicas(section: Section) -> int:
    for key in ("replicaCount", "replicas"):
        replicas = section.whole(key)
        if replicas is not None:
            if replicas < 0:
                raise CapacityError(f"{section.at(key)}: {replicas} is below 0")
            return replicas
    return 1


def _rollout(section: Section) -> RollingUpdate:
    key = next((key for key in _STRATEGIES if section.get(key) is not None), _STRATEGIES[0])
    value = section.get(key)
    if isinstance(value, str):
        return rollout_of(replace(section, content={"type": value}, path=section.at(key)))
    return rollout_of(section.section(key))


def _probe(section: Section, key: str) -> Probe:
    """Read a probe; charts have false, or a template, where there is none."""
    if not isinstance(section.get(key), dict):
        return Probe()
    return probe_of(section.section(key))
