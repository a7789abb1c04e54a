"""What a pod requests, and where it may be placed, as values and manifests write it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fleet.containers import Container, together
from fleet.manifests.section import Section
from fleet.placement import Operator, Placement, Requirement, Toleration
from fleet.pods import (
    STORAGE,
    PodResources,
    Resources,
    is_resource,
    may_not_be_exceeded,
    parse_amounts,
)
from fleet.quantity import CapacityError, memory_bytes, plain, prefixed, shown

_RESTARTS: Final = ("Always", "OnFailure", "Never")
_RESOURCES: Final = ("cpu", "memory", STORAGE)
_SLIP: Final = 1024
"""Bytes: less is a slip, 400m where 400Mi was meant."""
_HARD: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def resources_of(section: Section, *, chart: bool = False) -> PodResources:
    """Read ``requests`` and ``limits``; names of a chart's own, which it translates, are noted."""
    section.only("requests", "limits")
    requests, limits = (
        _named(section.section(name), chart=chart).content for name in ("requests", "limits")
    )
    for name, quantities in (("requests", requests), ("limits", limits)):
        _note_slips(section, name, quantities)
    with prefixed(section.path):
        resources = PodResources.parse(requests=requests, limits=limits)
    most = parse_amounts(limits)
    for name in requests:
        if may_not_be_exceeded(name) and most.get(name) != resources.others.get(name):
            path = section.at(f"requests.{name}")
            section.note(f"{path}, which Kubernetes refuses unless the limit is the same")
    return resources


def _named(amounts: Section, *, chart: bool) -> Section:
    others = amounts.others(_RESOURCES) if chart else []
    unknown = [name for name in others if not is_resource(name)]
    for name in unknown:
        amounts.note(amounts.at(name))
    known = {name: each for name, each in amounts.content.items() if name not in unknown}
    return replace(amounts, content=known)


def container_of(
    section: Section, *, init: bool = False, name: str = "", chart: bool = False
) -> Container:
    """Read a container of a list."""
    return Container(
        name=section.text("name") or name,
        resources=resources_of(section.section("resources"), chart=chart),
        init=init,
        stays=init and section.choice("restartPolicy", _RESTARTS, "Never") == "Always",
    )


def containers_of(spec: Section) -> list[Container]:
    """Read all containers of a pod's ``spec``."""
    if spec.get("containers") is None:
        raise CapacityError(f"{spec.at('containers')}: missing")
    return [
        *(container_of(each) for each in spec.sections("containers")),
        *(container_of(each, init=True) for each in spec.sections("initContainers")),
    ]


def pod_of(spec: Section, containers: list[Container]) -> PodResources:
    """Read the resources of a pod's ``spec``, of which these are the containers."""
    own, overhead = spec.section("resources"), spec.section("overhead")
    resources = resources_of(own) if own.content else None
    with prefixed(overhead.path):
        extra = Resources.parse(overhead.content) if overhead.content else None
    with prefixed(spec.path):
        return together(containers, pod=resources, overhead=extra)


def placement_of(spec: Section) -> Placement:
    """Read what goes by labels and taints of nodes; note what else decides about them."""
    affinity = _affinity(spec)
    if spec.get("topologySpreadConstraints"):
        spec.note(spec.at("topologySpreadConstraints"))
    selector = spec.section("nodeSelector")
    return Placement(
        selector={plain(key): label(value) for key, value in selector.content.items()},
        affinity=affinity,
        tolerations=tuple(_toleration(each) for each in spec.sections("tolerations")),
    )


def label(value: object) -> str:
    """Return the value of a label; YAML may have made a number or a truth value of it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else plain(value)


def _note_slips(section: Section, name: str, quantities: Mapping[Any, Any]) -> None:
    """Note a few bytes of memory, which Kubernetes takes: 400m is one byte, 512 is 512."""
    quantity = quantities.get("memory")
    path = section.at(f"{name}.memory")
    if quantity is not None:
        with prefixed(path):
            size = memory_bytes(quantity)
        if 0 < size < _SLIP:
            section.note(f"{path} is {size} bytes: Mi would be mebibytes")


def _affinity(spec: Section) -> tuple[tuple[Requirement, ...], ...]:
    """Read the required node affinity; note what else forbids nodes, a chart's template as well."""
    given = spec.get("affinity")
    rules = given if isinstance(given, dict) else {}
    hard = {key: each.get(_HARD) for key, each in rules.items() if isinstance(each, dict)}
    required = hard.pop("nodeAffinity", None)
    terms = required.get("nodeSelectorTerms") if isinstance(required, dict) else None
    read = isinstance(terms, list) and all(_by_labels(each) for each in terms)
    if any(hard.values()) or (required and not read) or (given and not rules):
        spec.note(spec.at("affinity"))
    if not read:
        return ()
    node = spec.section("affinity").section("nodeAffinity").section(_HARD)
    return tuple(
        tuple(_requirement(each) for each in term.sections("matchExpressions"))
        for term in node.sections("nodeSelectorTerms")
    )


def _by_labels(term: object) -> bool:
    return isinstance(term, dict) and not term.get("matchFields")


def _requirement(given: Section) -> Requirement:
    if given.get("operator") is None:
        raise CapacityError(f"{given.at('operator')}: missing")
    values = given.content.get("values") or []
    if not isinstance(values, list):
        raise CapacityError(f"{given.at('values')}: should be a list; got {shown(values)}")
    return Requirement(
        key=given.text("key"),
        operator=given.choice("operator", Operator, Operator.IN),
        values=tuple(label(each) for each in values),
    )


def _toleration(given: Section) -> Toleration:
    operator = given.choice("operator", ("Equal", "Exists"), "Equal")
    return Toleration(
        key=given.text("key"),
        value=None if operator == "Exists" else label(given.get("value")),
        effect=given.text("effect"),
    )
