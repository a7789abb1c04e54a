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
from fleet.manifests.objects import AUTOSCALER, DAEMONS, NODE, POD, Object, roots_of
from fleet.manifests.pods import containers_of, placement_of, pod_of, resources_of
from fleet.manifests.section import Section
from fleet.placement import DAEMON_TOLERATIONS, Placement
from fleet.pods import Resources
from fleet.quantity import CapacityError, plain, prefixed
from fleet.rollout import RollingUpdate

_ON_A_NODE: Final = (DAEMONS, NODE)
"""Owners of pods that are bound to their node: a static pod's is the node."""

_JOBS: Final = ("Job", "CronJob")
_DONE: Final = ("Complete", "Failed")
"""Conditions of a Job that has no pods any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """A pod that is on each node for which it is made, or on one."""

    name: str
    requests: Resources
    placement: Placement = field(default_factory=Placement)
    node: str | None = None
    """The name of its only node; None: on each."""
    not_counted: tuple[str, ...] = ()
    """What it has and no figure includes, in words."""


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
class _Workload:
    """Pods that are alike."""

    kind: str
    """That of the object that runs them, as is the name."""
    name: str
    object: Object
    """It, or one of the pods where it is in none of the files."""
    spec: Section
    replicas: int


def workloads_of(objects: Iterable[KubernetesObject]) -> Workloads:
    """Read objects; an autoscaler is that of the object that it names.

    Raises:
        CapacityError: a value is not possible; the message names file, object and key.
    """
    roots = roots_of(objects)
    workloads = _grouped(roots)
    autoscalers = [each for each in roots if each.kind == AUTOSCALER]
    scaled = [[hpa for hpa in autoscalers if _scales(hpa, each)] for each in workloads]
    alone = [each for each in autoscalers if not any(each in hpas for hpas in scaled)]
    passed = Counter(
        plain(each.kind)
        for each in roots
        if each.pods is None and each.kind not in (AUTOSCALER, NODE, POD)
    )
    return Workloads(
        deployments={
            name: _deployment(each, hpas)
            for name, each, hpas in zip(
                _names([(each.kind, each.name, each.object) for each in workloads]),
                workloads,
                scaled,
                strict=True,
            )
        },
        scalings={
            name: _scaling(each, None)
            for name, each in zip(
                _names([(each.kind, each.name, each) for each in alone]), alone, strict=True
            )
        },
        daemons=tuple(
            _daemon(each, each.pods) for each in roots if each.pods is not None and _is_daemon(each)
        ),
        not_counted=tuple(f"{count} {kind}" for kind, count in passed.items()),
    )


def _is_daemon(one: Object) -> bool:
    return one.kind == DAEMONS or (
        one.kind == POD and one.owner is not None and one.owner[0] in _ON_A_NODE
    )


def _daemon(one: Object, spec: Section) -> Daemon:
    with prefixed(one.where):
        placement = placement_of(spec)
        tolerations = (*placement.tolerations, *DAEMON_TOLERATIONS)
        return Daemon(
            name=plain(one.name),
            requests=pod_of(spec, containers_of(spec)).requests,
            placement=replace(placement, tolerations=tolerations),
            node=spec.text("nodeName") if one.kind == POD else None,
            not_counted=tuple(spec.not_counted),
        )


def _grouped(roots: Iterable[Object]) -> list[_Workload]:
    """Return the workloads; the pods of one controller are one."""
    groups: dict[object, _Workload] = {}
    for each in roots:
        if each.pods is None or _is_daemon(each):
            continue
        key: object = id(each)
        kind, name, replicas = each.kind, each.name, _replicas(each)
        if each.kind == POD and each.owner is not None:
            key = each.namespace, each.owner
            kind, name = each.owner
            replicas = groups[key].replicas + 1 if key in groups else 1
        groups[key] = _Workload(
            kind=kind, name=name, object=each, spec=each.pods, replicas=replicas
        )
    return list(groups.values())


def _replicas(one: Object) -> int:
    with prefixed(one.where):
        spec = one.section.section("spec")
        if one.kind in _JOBS:
            return _at_once(one.section)
        replicas = spec.whole("replicas")
        if replicas is not None and replicas < 0:
            raise CapacityError(f"{spec.at('replicas')}: {replicas} is below 0")
        return 1 if replicas is None else replicas


def _at_once(section: Section) -> int:
    """Return the pods that a Job, or each of a CronJob, runs at the same time."""
    spec, status = section.section("spec"), section.section("status")
    job = spec.section("jobTemplate").section("spec") if spec.get("jobTemplate") else spec
    if any(each.flag("suspend", default=False) for each in (spec, job)):
        return 0
    for each in status.sections("conditions"):
        if each.get("type") in _DONE and each.get("status") == "True":
            return 0
    parallelism, completions = (job.whole(key) for key in ("parallelism", "completions"))
    most = 1 if parallelism is None else parallelism
    left = most if completions is None else completions - (status.whole("succeeded") or 0)
    return max(0, min(most, left))


def _scales(hpa: Object, one: _Workload) -> bool:
    with prefixed(hpa.where):
        reference = hpa.section.section("spec").section("scaleTargetRef")
        named = (reference.text("kind"), reference.text("name")) == (one.kind, one.name)
    return named and hpa.namespace in ("", one.object.namespace)


def _deployment(one: _Workload, hpas: Sequence[Object]) -> Deployment:
    hpa = hpas[0] if len(hpas) == 1 else None
    spec, section = one.spec, one.object.section
    with prefixed(one.object.where):
        containers = containers_of(spec)
        resources = pod_of(spec, containers)
        first = next(iter(spec.sections("containers")), replace(spec, content={}))
        liveness, readiness = (
            probe_of(first.section(f"{kind}Probe")) for kind in ("liveness", "readiness")
        )
        placement, grace = placement_of(spec), grace_of(spec)
        rollout = _rollout(one.kind, section.section("spec"))
        own = resources_of(spec.section("resources")).requests
    scaling = None if hpa is None else _scaling(hpa, containers, own)
    notes = list(section.not_counted) + (list(hpa.section.not_counted) if hpa else [])
    if len(hpas) > 1:
        names = ", ".join(plain(each.name) for each in hpas)
        notes.append(f"the autoscalers {names}: Kubernetes scales by none if several name it")
    if hpa is not None and scaling is not None and one.replicas == 0 < scaling.fewest:
        # "Implicit maintenance-mode deactivation", in the autoscaler's documentation.
        scaling = None
        notes.append(f"the autoscaler {plain(hpa.name)}, which is off while replicas is 0")
    return Deployment(
        resources=resources,
        scaling=scaling,
        replicas=one.replicas,
        rollout=rollout,
        liveness=liveness,
        readiness=readiness,
        grace=grace,
        placement=placement,
        not_counted=tuple(notes),
    )


def _rollout(kind: str, spec: Section) -> RollingUpdate:
    if kind == "StatefulSet":
        return rollout_of(spec.section("updateStrategy"), ONE_BY_ONE)
    return rollout_of(spec.section("strategy")) if kind == "Deployment" else ONE_BY_ONE


def _scaling(
    hpa: Object, containers: Sequence[Container] | None, pod: Resources | None = None
) -> Scaling:
    with prefixed(hpa.where):
        return scaling_of_object(hpa.section.section("spec"), containers, pod)


def _names(named: Sequence[tuple[str, str, Object]]) -> list[str]:
    """Return the name of each; where two are alike, with kind and namespace before it."""
    counts = Counter(name for _, name, _ in named)
    return [
        plain(name if counts[name] == 1 else f"{kind} {one.namespace}/{name}")
        for kind, name, one in named
    ]
