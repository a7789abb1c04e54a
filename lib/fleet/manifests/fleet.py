"""What some files say together: deployments, their autoscalers, and the nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fleet.autoscaler import Scaling
from fleet.deployment import Deployment
from fleet.manifests.documents import KubernetesObject, objects_in, read_documents
from fleet.manifests.helm import deployment_of_values, merged
from fleet.manifests.nodes import nodes_of, occupied, pool_of_values
from fleet.manifests.objects import NODE
from fleet.manifests.section import Section
from fleet.manifests.workloads import Daemon, Workloads, workloads_of
from fleet.packing import Node, Pool, unknown_of_nodes
from fleet.quantity import CapacityError, prefixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What the files of a fleet say."""

    deployments: Mapping[str, Deployment]
    """By name: that of the object, or of the last file of values."""
    scalings: Mapping[str, Scaling]
    """Autoscalers of pods that no file has, by name."""
    pools: tuple[Pool, ...]
    """Nodes that are alike, or each node of a cluster."""
    not_counted: tuple[str, ...]
    """What is in the files beside deployments and nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """Files of one kind: the documents of each, or all their objects."""

    values: Mapping[str, Any]
    objects: tuple[KubernetesObject, ...]


def read_fleet(values: Sequence[Path], pool: Path, at: str | None = None) -> Fleet:
    """Read the files of a fleet.

    ``values`` are a chart's, the later over the earlier, or objects of Kubernetes, or both; ``at``
    is the path of a part of the chart's. If they have nodes, these are the pool, and ``pool`` is
    not read.

    Raises:
        CapacityError: a value is not possible; the message names the files and the key.
        OSError: a file cannot be read.
    """
    files = _read(values)
    workloads = workloads_of(files.objects)
    deployments = dict(workloads.deployments)
    scalings = dict(workloads.scalings)
    if files.values:
        name = list(files.values)[-1]
        with prefixed(" + ".join(files.values)):
            chart = _chart(files.values, at)
        if chart.scaling is None and not deployments and len(scalings) == 1:
            chart = replace(chart, scaling=scalings.popitem()[1])
        deployments[name] = chart
    elif at is not None:
        raise CapacityError("--at: is for values of a chart; these files have none")
    if not deployments and not scalings:
        raise CapacityError(
            f"{' + '.join(each.name for each in values)}: should be a map of values, or objects of "
            "Kubernetes with pods, such as a Deployment"
        )
    own = [each for each in files.objects if each.kind == NODE]
    pools, passed = _pools(own, workloads) if own else read_pools(pool, workloads.daemons)
    return Fleet(
        deployments=deployments,
        scalings=scalings,
        pools=pools,
        not_counted=(*workloads.not_counted, *passed),
    )


def read_pools(
    file: Path, daemons: Sequence[Daemon] = ()
) -> tuple[tuple[Pool, ...], tuple[str, ...]]:
    """Read the nodes of a file, and say what else is in it.

    ``daemons`` are pods that are on its nodes beside those that the file itself has.

    Raises:
        CapacityError: a value is not possible; the message names the file and the key.
        OSError: it cannot be read.
    """
    files = _read([file])
    if files.values:
        with prefixed(file.name):
            pool = pool_of_values(Section(content=files.values[file.name]))
        node, without_room = occupied(pool.node, daemons)
        return (replace(pool, node=node),), (*_notes(daemons, [node]), *_no_room(without_room))
    own = workloads_of(files.objects)
    objects = [each for each in files.objects if each.kind == NODE]
    if not objects:
        raise CapacityError(f"{file.name}: has no nodes")
    names = [f"pods of {name}" for name in own.deployments]
    pools, passed = _pools(objects, replace(own, daemons=(*daemons, *own.daemons)))
    return pools, (*own.not_counted, *names, *passed)


def _pools(
    objects: Sequence[KubernetesObject], workloads: Workloads
) -> tuple[tuple[Pool, ...], tuple[str, ...]]:
    nodes = [occupied(node, workloads.daemons) for node in nodes_of(objects)]
    without_room = sum(count for _, count in nodes)
    notes = _notes(workloads.daemons, [node for node, _ in nodes])
    return tuple(Pool(nodes=1, node=node) for node, _ in nodes), (*notes, *_no_room(without_room))


def _notes(daemons: Sequence[Daemon], nodes: Sequence[Node]) -> tuple[str, ...]:
    """Return what daemonsets have and no figure includes."""
    return tuple(
        f"{each.name}: {note}"
        for each in daemons
        if each.node is None
        for note in (*each.not_counted, *unknown_of_nodes(each.requests, each.placement, nodes))
    )


def _no_room(count: int) -> tuple[str, ...]:
    return (f"{count} daemonset pods that do not fit their node",) if count else ()


def _chart(values: Mapping[str, Any], at: str | None) -> Deployment:
    content: dict[Any, Any] = {}
    for each in values.values():
        content = merged(content, each)
    section = Section(content=content)
    deployment = deployment_of_values(section, at)
    return replace(deployment, not_counted=tuple(section.not_counted))


def _read(files: Sequence[Path]) -> _Files:
    values: dict[str, Any] = {}
    objects: list[KubernetesObject] = []
    for file in files:
        documents = read_documents(file)
        found = objects_in(documents, file.name)
        if found is not None:
            objects += found
            continue
        content = documents[0] if len(documents) == 1 else {} if not documents else None
        if not isinstance(content, dict):
            raise CapacityError(f"{file.name}: should be a map of values")
        values[file.name] = merged(values.get(file.name, {}), content)
    return _Files(values=values, objects=tuple(objects))
