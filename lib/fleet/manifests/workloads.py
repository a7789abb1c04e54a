"""Deployments and the like as ``kubectl get -o yaml`` prints them, with their autoscalers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fleet.autoscaler import Scaling
from fleet.containers import Container
from fleet.deployment import Deployment
from fleet.manifests.autoscaling import scaling_of_object
from fleet.manifests.documents import KubernetesObject
from fleet.manifests.lifecycle import ONE_BY_ONE, grace_of, probe_of, rollout_of
from fleet.manifests.pods import containers_of, placement_of, pod_of
from fleet.manifests.section import Section
from fleet.placement import DAEMON_TOLERATIONS, Placement
from fleet.pods import Resources
from fleet.quantity import plain, prefixed
from fleet.rollout import RollingUpdate

AUTOSCALER: Final = "HorizontalPodAutoscaler"
DAEMONS: Final = "DaemonSet"
POD: Final = "Pod"
_ENDED: Final = ("Succeeded", "Failed")
_ON_A_NODE: Final = (DAEMONS, "Node")
"""Owners of pods that are bound to their node: a static pod's is the node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """A pod that is on each node for which it is made, or on one."""

    requests: Resources
    placement: Placement = field(default_factory=Placement)
    node: str | None = None
    """The name of its only node; None: on each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workloads:
    """What the objects of some files run."""

    deployments: Mapping[str, Deployment]
    """By name."""
    scalings: Mapping[str, Scaling]
    """Autoscalers of pods that no file has, by name."""
    daemons: tuple[Daemon, ...]
    not_counted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    """An object with what identifies it."""

    kind: str
    namespace: str
    name: str
    owner: tuple[str, str] | None
    """Kind and name of the controller that made it."""
    section: Section
    file: str

    @property
    def where(self) -> str:
        return f"{self.file}: {plain(self.kind)} {plain(self.name)}"


def workloads_of(objects: Iterable[KubernetesObject]) -> Workloads:
    """Read objects; of those with the same kind, namespace and name the last one counts.

    Raises:
        CapacityError: a value is not possible; the message names file, object and key.
    """
    read = [_object_of(each) for each in objects]
    latest = list({(each.kind, each.namespace, each.name): each for each in read}.values())
    names = {(each.kind, each.name) for each in latest}
    made_by_others = [each for each in latest if not _is_made(each, names)]
    autoscalers = [each for each in latest if each.kind == AUTOSCALER]
    workloads = [each for each in made_by_others if _pod_spec(each) is not None]
    daemons = [each for each in workloads if _is_daemon(each)]
    pods = _grouped([each for each in workloads if each not in daemons])
    scaled: dict[int, _Object] = {}
    for hpa in autoscalers:
        for place, (each, _) in enumerate(pods):
            if _scales(hpa, each):
                scaled[place] = hpa
    deployments = [
        _deployment(each, count, scaled.get(place)) for place, (each, count) in enumerate(pods)
    ]
    used = {hpa.name for hpa in scaled.values()}
    alone = [each for each in autoscalers if each.name not in used]
    passed = Counter(
        plain(each.kind)
        for each in made_by_others
        if each not in workloads and each.kind not in (AUTOSCALER, "Node")
    )
    return Workloads(
        deployments=dict(zip(_names([each for each, _ in pods]), deployments, strict=True)),
        scalings={
            name: _scaling(each, None) for name, each in zip(_names(alone), alone, strict=True)
        },
        daemons=tuple(_daemon(each) for each in daemons),
        not_counted=tuple(f"{count} {kind}" for kind, count in passed.items()),
    )


def _object_of(one: KubernetesObject) -> _Object:
    section = Section(content=one.content)
    with prefixed(one.file), prefixed(plain(one.kind)):
        metadata = section.section("metadata")
        owners = [each for each in metadata.sections("ownerReferences") if each.get("controller")]
        return _Object(
            kind=one.kind,
            namespace=metadata.text("namespace"),
            name=metadata.text("name"),
            owner=(owners[0].text("kind"), owners[0].text("name")) if owners else None,
            section=section,
            file=one.file,
        )


def _is_made(one: _Object, names: set[tuple[str, str]]) -> bool:
    """Return whether another object of the files has made this one, or it is no longer used."""
    with prefixed(one.where):
        if one.owner is None:
            return False
        if one.owner in names or one.section.section("spec").whole("replicas") == 0:
            return True
        if one.kind != POD:
            return False
        # Between a Deployment and its pods there is a ReplicaSet, which kubectl lists apart.
        hash_ = one.section.section("metadata").section("labels").get("pod-template-hash")
        return ("Deployment", one.owner[1].removesuffix(f"-{hash_}")) in names


def _pod_spec(one: _Object) -> Section | None:
    """Return the spec of an object's pods; None if it has none, or they have ended."""
    with prefixed(one.where):
        if one.kind == POD:
            ended = one.section.section("status").get("phase") in _ENDED
            return None if ended else one.section.section("spec")
        spec = one.section.content.get("spec")
        if not isinstance(spec, dict):
            return None
        section = one.section.section("spec")
        if isinstance(spec.get("jobTemplate"), dict):
            section = section.section("jobTemplate").section("spec")
        template = section.content.get("template")
        if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
            return None
        return section.section("template").section("spec")


def _is_daemon(one: _Object) -> bool:
    return one.kind == DAEMONS or (
        one.kind == POD and one.owner is not None and one.owner[0] in _ON_A_NODE
    )


def _daemon(one: _Object) -> Daemon:
    spec = _spec(one)
    with prefixed(one.where):
        placement = placement_of(spec)
        return Daemon(
            requests=pod_of(spec, containers_of(spec)).requests,
            placement=replace(placement, tolerations=(*placement.tolerations, *DAEMON_TOLERATIONS)),
            node=spec.text("nodeName") if one.kind == POD else None,
        )


def _grouped(workloads: Sequence[_Object]) -> list[tuple[_Object, int]]:
    """Return workloads with their pods; pods of one controller are one workload."""
    groups: dict[object, tuple[_Object, int]] = {}
    for each in workloads:
        key: object = id(each)
        if each.kind == POD and each.owner is not None:
            key = (each.namespace, each.owner)
            kind, name = each.owner
            first = groups.get(key, (replace(each, kind=kind, name=name), 0))
            groups[key] = (first[0], first[1] + 1)
        else:
            groups[key] = (each, _replicas(each))
    return list(groups.values())


def _replicas(one: _Object) -> int:
    with prefixed(one.where):
        spec = one.section.section("spec")
        for key in ("replicas", "parallelism"):
            replicas = spec.whole(key)
            if replicas is not None and replicas >= 0:
                return replicas
        return 1


def _scales(hpa: _Object, one: _Object) -> bool:
    with prefixed(hpa.where):
        reference = hpa.section.section("spec").section("scaleTargetRef")
        named = (reference.text("kind"), reference.text("name")) == (one.kind, one.name)
    return named and hpa.namespace in ("", one.namespace)


def _deployment(one: _Object, replicas: int, hpa: _Object | None) -> Deployment:
    spec = _spec(one)
    with prefixed(one.where):
        containers = containers_of(spec)
        resources = pod_of(spec, containers)
        first = next(iter(spec.sections("containers")), replace(spec, content={}))
        liveness, readiness = (
            probe_of(first.section(f"{kind}Probe")) for kind in ("liveness", "readiness")
        )
        placement, grace, rollout = placement_of(spec), grace_of(spec), _rollout(one)
    scaling = None
    if hpa is not None:
        scaling = _scaling(hpa, containers)
        if replicas == 0 < scaling.fewest:
            # "Implicit maintenance-mode deactivation", in the autoscaler's documentation.
            one.section.note(f"HorizontalPodAutoscaler {plain(hpa.name)}: off, as replicas is 0")
            scaling = None
        for text in hpa.section.not_counted:
            one.section.note(text)
    return Deployment(
        resources=resources,
        scaling=scaling,
        replicas=replicas,
        rollout=rollout,
        liveness=liveness,
        readiness=readiness,
        grace=grace,
        placement=placement,
        not_counted=tuple(one.section.not_counted),
    )


def _rollout(one: _Object) -> RollingUpdate:
    spec = one.section.section("spec")
    if one.kind == "Deployment":
        return rollout_of(spec.section("strategy"))
    if one.kind == "StatefulSet":
        return rollout_of(spec.section("updateStrategy"), ONE_BY_ONE)
    return ONE_BY_ONE if one.kind != "Rollout" else RollingUpdate()


def _scaling(hpa: _Object, containers: Sequence[Container] | None) -> Scaling:
    with prefixed(hpa.where):
        return scaling_of_object(hpa.section.section("spec"), containers)


def _spec(one: _Object) -> Section:
    spec = _pod_spec(one)
    assert spec is not None
    return spec


def _names(objects: Sequence[_Object]) -> list[str]:
    """Return the name of each; where two are alike, with kind and namespace before it."""
    counts = Counter(each.name for each in objects)
    return [
        plain(each.name)
        if counts[each.name] == 1
        else plain(f"{each.kind} {each.namespace}/{each.name}")
        for each in objects
    ]
