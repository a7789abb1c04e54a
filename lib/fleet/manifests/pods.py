"""What a pod requests, and where it may be placed, as values and manifests write it."""

from collections.abc import Mapping
from typing import Any, Final

from fleet.containers import Container, together
from fleet.manifests.section import Section
from fleet.placement import Placement, Toleration
from fleet.pods import PodResources, Resources
from fleet.quantity import memory_bytes, plain, prefixed

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
    """Read ``nodeSelector`` and ``tolerations``; note what else decides where a pod is placed."""
    if _binds(spec.get("affinity")):
        spec.note(spec.at("affinity"))
    if spec.get("topologySpreadConstraints"):
        spec.note(spec.at("topologySpreadConstraints"))
    selector = spec.section("nodeSelector")
    return Placement(
        selector={plain(key): label(value) for key, value in selector.content.items()},
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


def _binds(affinity: Any) -> bool:
    """Return whether a pod's affinity forbids nodes, and does not only prefer others."""
    if not isinstance(affinity, dict):
        return affinity is not None and affinity != ""
    return any(isinstance(rules, dict) and rules.get(_HARD) for rules in affinity.values())


def _toleration(given: Section) -> Toleration:
    operator = given.choice("operator", ("Equal", "Exists"), "Equal")
    return Toleration(
        key=given.text("key"),
        value=None if operator == "Exists" else label(given.get("value")),
        effect=given.text("effect"),
    )
