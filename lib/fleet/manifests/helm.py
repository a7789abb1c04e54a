"""The values of a Helm chart that capacity depends on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
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
_SCALES: Final = re.compile(r"(?i:autoscal|keda|scaling|scaledobject)|(?:^|[-_])hpa|Hpa|HPA")
"""Names of sections that scale pods, whatever by."""
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
_SETTINGS: Final = {"image", "resources", "securityContext", "command", "args", "env"}
"""Keys of a container; where they are among the containers' names, the map is of one container."""
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
    main = Container(resources=resources_of(resources, chart=True))
    containers = [main, *_containers(section, _SIDECARS), *_containers(section, _INIT, init=True)]
    counted = [resources.content, *(section.get(key) for key in (*_SIDECARS, *_INIT))]
    if others := _places(section, counted):
        section.note(f"the resources of {_listed(others)}")
    if not resources.content and section.text("resourcesPreset") not in ("", "none"):
        section.note(section.at("resourcesPreset"))
    return Deployment(
        resources=together(containers),
        scaling=_scaling(chain, containers),
        replicas=_replicas(chain),
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
    places = _places(last) or _places(last, empty=True)
    where = f"; they are under {_listed(places)}: give one with --at" if places else ""
    raise CapacityError(f"{last.at('resources')}: missing{where}")


def _below(section: Section, key: str) -> Section:
    if not isinstance(section.get(key), dict):
        known = [each for each, value in section.content.items() if isinstance(value, dict)]
        names = [plain(each) for each in known]
        rest = did_you_mean(key, names) or f"; there are: {_listed(names) or 'none'}"
        raise CapacityError(f"--at {section.at(key)}: no such section{rest}")
    return section.section(key)


def _places(section: Section, counted: Iterable[object] = (), *, empty: bool = False) -> list[str]:
    """Return the paths below a section that have ``resources`` of their own, or empty ones."""
    found: list[str] = []
    seen = {id(each) for each in counted}  # an alias leads to the same map again
    pending = [(section, 0)]
    while pending:
        one, depth = pending.pop(0)
        for key, value in one.content.items():
            if not isinstance(value, dict) or id(value) in seen or depth > _DEEPEST:
                continue
            seen.add(id(value))
            if key == "resources" and (value.keys() & {"requests", "limits"} or empty):
                found.append(one.path)
            elif isinstance(key, str) and (empty or not one.section(key).off):
                pending.append((one.section(key), depth + 1))
    return found


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _containers(
    section: Section, keys: Sequence[str], *, init: bool = False
) -> Iterator[Container]:
    """Yield the containers that a chart takes as a list, as a map by name, or as one's settings."""
    for key in keys:
        value = section.get(key)
        named: list[tuple[str, Section]] = []
        if isinstance(value, dict):
            inside = section.section(key)
            if inside.off:
                continue
            if not value.keys() & _SETTINGS:
                found = [name for name in value if isinstance(value[name], dict)]
                named = [(plain(name), inside.section(name)) for name in found]
            elif inside.get("resources") is not None:
                named = [(key, inside)]
        elif isinstance(value, list) and all(isinstance(each, dict) for each in value):
            named = [(f"{key}[{place}]", each) for place, each in enumerate(section.sections(key))]
        elif value is not None:
            section.note(section.at(key))
        for name, each in named:
            if not each.off:
                yield container_of(each, init=init, name=name, chart=True)


def _scaling(chain: Sequence[Section], containers: Sequence[Container]) -> Scaling | None:
    """Read the autoscaler of a section, or of one above it that has no pods of its own."""
    above = _above(chain)
    for section in above:
        for key in section.content:
            if key not in _AUTOSCALERS and _SCALES.search(plain(key)) and _is_on(section.get(key)):
                section.note(section.at(key))
    for section in above:
        given = [key for key in _AUTOSCALERS if section.get(key) is not None]
        on = [key for key in given if not _is_off(section.get(key))]
        for key in on[1:]:
            section.note(section.at(key))
        if given:
            return _enabled(section, (on or given)[0], containers)
        if section.get("autoscaleMax") is not None:  # Istio has no section for it
            content = section.content
            flat = {name: content[key] for name, key in _FLAT.items() if key in content}
            return _enabled(replace(section, content={"autoscale": flat}), "autoscale", containers)
    return None


def _above(chain: Sequence[Section]) -> list[Section]:
    """Return a section and those above it, up to one that has pods of its own."""
    own, *above = reversed(chain)
    return [own, *takewhile(lambda each: each.get("resources") is None, above)]


def _is_off(value: object) -> bool:
    return value is False or (isinstance(value, dict) and Section(content=value).off)


def _is_on(value: object) -> bool:
    """Return whether a map, or one within it, is switched on."""
    if not isinstance(value, dict) or _is_off(value):
        return False
    return bool(value.get("enabled")) or any(_is_on(each) for each in value.values())


def _enabled(section: Section, key: str, containers: Sequence[Container]) -> Scaling | None:
    if section.get(key) is False:
        return None
    autoscaling = section.section(key)
    if autoscaling.off or not autoscaling.flag("enabled", default=True):
        return None
    if isinstance(autoscaling.get("hpa"), dict):
        for other in autoscaling.content:
            if other != "hpa" and _is_on(autoscaling.get(other)):
                autoscaling.note(autoscaling.at(other))
        return _enabled(autoscaling, "hpa", containers)
    if autoscaling.get("triggers") is None:  # with them it is KEDA's, in which metrics differ
        autoscaling = replace(autoscaling, content=_renamed(autoscaling.content))
    if autoscaling.get("maxReplicas") is None:
        bounds = {key: section.get(key) for key in ("minReplicas", "maxReplicas")}
        autoscaling = replace(autoscaling, content={**autoscaling.content, **bounds})
    if autoscaling.get("maxReplicas") is None:
        autoscaling.others(("minReplicas", "maxReplicas"))
        section.note(f"{autoscaling.path}, as it has no maxReplicas")
        return None
    return scaling_of_values(autoscaling, containers)


def _renamed(content: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a section of an autoscaler with its bounds under the names that Kubernetes has."""
    names = {"minReplicaCount": "minReplicas", "maxReplicaCount": "maxReplicas"}
    return {names.get(key, key): value for key, value in content.items()}


def _replicas(chain: Sequence[Section]) -> int:
    """Read the number of pods of a section, or of one above it that has no pods of its own."""
    for section in _above(chain):
        for key in ("replicaCount", "replicas"):
            if section is not chain[-1] and isinstance(section.get(key), dict):
                continue  # numbers of several parts, by their names
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
    if not isinstance(section.get(key), dict) or section.section(key).off:
        return Probe()
    return probe_of(section.section(key))
