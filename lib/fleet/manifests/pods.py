"""What a pod requests, and where it may be placed, as values and manifests write it."""

from collections.abc import Mapping
from typing import Any, Final

from fleet.containers import Container, together
from fleet.manifests.section import Section
from fleet.placement import Operator, Placement, Requirement, Toleration
from fleet.pods import PodResources, Resources
from fleet.quantity import CapacityError, memory_bytes, plain, prefixed, shown

_SLIP: Final = 1024
"""Bytes: less is a slip, 400m where 400Mi was meant."""
_HARD: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def resources_of(section: Section) -> PodResources:
    """Read ``requests`` and ``limits``."""
    section.only("requests", "limits")
    both = section.section("requests").content, section.section("limits").content
    for name, quantities in zip(("requests", "limits"), both, strict=True):
        _note_slips(section, name, quantities)
    with prefixed(section.path):
        return PodResources.parse(requests=both[0], limits=both[1])


def container_of(section: Section, *, init: bool = False, name: str = "") -> Container:
    """Read a container of a list."""
    return Container(
        name=section.text("name") or name,
        resources=resources_of(section.section("resources")),
        init=init,
        stays=init and section.get("restartPolicy") == "Always",
    )


def containers_of(spec: Section) -> list[Container]:
    """Read all containers of a pod's ``spec``."""
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
