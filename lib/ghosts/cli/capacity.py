"""The subcommand ``ghosts capacity``: what fits a pool, and how many pods are desired."""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

from fleet import BEFORE, FIRST_CUT, POOL, SECOND_CUT, decide
from fleet.autoscaler import Decision, Scaling
from fleet.deployment import Deployment
from fleet.manifests import Fleet, read_fleet
from fleet.packing import MOST_PODS, Fit, Node, Pool, unknown_of_nodes
from fleet.pods import Resources
from fleet.quantity import prefixed
from fleet.recommendation import first_step_up
from fleet.scaling import most_allowed
from ghosts.cli.checks import CommandError
from ghosts.cli.console import console_of
from ghosts.errors import unknown

_WIDTH: Final = 100
"""Columns that the table takes where there is no terminal."""
_MOST_NAMED: Final = 6
"""Things that one line lists; more are counted."""


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand to the parser's."""
    capacity = commands.add_parser(
        "capacity",
        help="print how many pods fit the nodes, and how many are desired",
        description="Print how many pods fit a pool of nodes, what runs out first, and what the "
        "autoscaler decides: of the chart of the incident before and after its requests were cut, "
        "or of yours. Files are values of a Helm chart, or objects as kubectl get -o yaml prints "
        "them. What is not counted is said.",
    )
    capacity.add_argument(
        "--values",
        metavar="FILE",
        type=Path,
        action="append",
        help="values of a chart, or Deployments, HorizontalPodAutoscalers and the like; can be "
        "given more than once, later values over the earlier",
    )
    capacity.add_argument(
        "--at",
        metavar="PATH",
        help="the part of the values with the resources, as server or path.to.server",
    )
    capacity.add_argument(
        "--pool",
        metavar="FILE",
        type=Path,
        help="nodes: as in data/chart/pool.yaml, which is the default, or of kubectl get nodes -o "
        "yaml",
    )
    capacity.add_argument("--pods", metavar="N", type=int, help="with --mean: pods there are")
    capacity.add_argument(
        "--mean",
        metavar="[METRIC=]VALUE",
        action="append",
        help="with --pods: the mean of the metric that is scaled by, to print the autoscaler's "
        "decision as well; per cent of the request for a utilization. Once for each metric if "
        "there are several: --mean cpu=95 --mean memory=60",
    )
    capacity.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    if (arguments.pods is None) != (arguments.mean is None):
        raise CommandError("--pods and --mean go together: give both")
    if arguments.at is not None and not arguments.values:
        raise CommandError("--at is a part of --values: give both")
    fleet = _read(arguments)
    decision = [] if arguments.mean is None else _decision(fleet, arguments)
    if fleet.deployments:
        print_capacity(fleet.pools, fleet.deployments)
        print()
    for line in (*_scalings(fleet), *_not_counted(fleet)):
        print(line)
    if decision:
        print()
    for line in decision:
        print(line)


def _read(arguments: argparse.Namespace) -> Fleet:
    pool = arguments.pool or POOL
    if arguments.values:
        return read_fleet(arguments.values, pool, arguments.at)
    charts = {"before": BEFORE, "first cut": FIRST_CUT, "second cut": SECOND_CUT}
    fleets = {name: read_fleet(files, pool) for name, files in charts.items()}
    deployments = {
        name: each for name, fleet in fleets.items() for each in fleet.deployments.values()
    }
    return replace(fleets["before"], deployments=deployments)


def print_capacity(pools: Sequence[Pool], deployments: Mapping[str, Deployment]) -> None:
    """Print how each deployment, by its name, fits the nodes."""
    console = console_of(_WIDTH)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in (
        "",
        "QoS class",
        "per node",
        "in all",
        "left on a node",
        "one more lacks",
        "at most",
    ):
        table.add_column(name, justify="left" if name in ("", "QoS class") else "right")
    for name, deployment in deployments.items():
        fits = [pool.fit(deployment.resources) for pool in pools if not _refused(deployment, pool)]
        table.add_row(Text(name), deployment.resources.qos, *_cells(fits, deployment))
    for line in _nodes(pools):
        console.print(line, soft_wrap=True, markup=False)
    console.print()
    console.print(table)
    console.print()
    console.print(
        "In all: pods for which there is room. At most: pods when the autoscaler is at its"
    )
    console.print("maximum and a rollout adds its surge.")


def _nodes(pools: Iterable[Pool]) -> list[str]:
    """Return a line for each kind of nodes."""
    kinds: Counter[str] = Counter()
    for pool in pools:
        kinds[_room(pool.node)] += pool.nodes
    lines = [
        f"{count:,} {'node' if count == 1 else 'nodes'}, each with {room} for these pods"
        for room, count in kinds.most_common(_MOST_NAMED)
    ]
    rest = kinds.total() - sum(count for _, count in kinds.most_common(_MOST_NAMED))
    return [*lines, f"and {rest:,} others"] if rest else lines


def _room(node: Node) -> str:
    usable = node.usable
    room = f"{Resources(cpu=usable.cpu, memory=usable.memory)}"
    return room if node.most_pods == MOST_PODS else f"{room}, {node.most_pods} pods"


def _refused(deployment: Deployment, pool: Pool) -> str:
    return deployment.placement.refused(pool.node.labels, pool.node.taints)


def _cells(fits: Sequence[Fit], deployment: Deployment) -> list[str]:
    """Return the cells of a row from "per node" on."""
    counts = sorted({fit.per_node for fit in fits}) or [0]
    room = sum(fit.pods for fit in fits)
    most = deployment.rollout.most(deployment.most)
    slacks = list(dict.fromkeys(str(fit.slack) for fit in fits))
    lacks = dict.fromkeys(name for fit in fits for name in fit.lacks)
    per_node = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return [
        per_node if counts[-1] else "none",
        f"{room:,}",
        slacks[0] if len(slacks) == 1 else "differs" if slacks else "",
        ", ".join(lacks) or "a node",
        f"{most:,}" if most <= room else f"{most:,}: {most - room:,} Pending",
    ]


def _scalings(fleet: Fleet) -> list[str]:
    """Return how many pods each deployment has, and what scales them."""
    lines = []
    for name, deployment in fleet.deployments.items():
        if deployment.scaling is None:
            lines.append(f"{name}: {_replicas(deployment.replicas)}, not scaled.")
        else:
            lines.append(f"{name}: {_scaled(deployment.scaling)}.")
    for name, scaling in fleet.scalings.items():
        lines.append(f"{name}: {_scaled(scaling)}, of pods that are in none of these files.")
    return lines


def _replicas(count: int) -> str:
    return f"{count:,} {'replica' if count == 1 else 'replicas'}"


def _scaled(scaling: Scaling) -> str:
    by = [f"{target.metric} at {target}" for target in scaling.targets]
    metrics = ", ".join(by) if by else "no metric that is defined"
    return f"{scaling.fewest:,} to {_replicas(scaling.most)}, scaled by {metrics}"


def _not_counted(fleet: Fleet) -> list[str]:
    """Return one line on what no figure includes; no line if there is nothing."""
    several = len(fleet.deployments) > 1
    parts = list(fleet.not_counted)
    for name, deployment in fleet.deployments.items():
        before = f"{name}: " if several else ""
        parts += [
            f"{before}{each}" for each in (*deployment.not_counted, *_left_out(fleet, deployment))
        ]
    if not parts:
        return []
    more = len(parts) - _MOST_NAMED
    rest = f"; and {more} more" if more > 0 else ""
    return [f"Not counted: {'; '.join(parts[:_MOST_NAMED])}{rest}."]


def _left_out(fleet: Fleet, deployment: Deployment) -> list[str]:
    """Return the nodes that are not for its pods, and requests that no node can be judged by."""
    reasons: Counter[str] = Counter()
    for pool in fleet.pools:
        if reason := _refused(deployment, pool):
            reasons[reason] += pool.nodes
    parts = [
        f"{count:,} {'node' if count == 1 else 'nodes'} ({reason})"
        for reason, count in reasons.items()
    ]
    nodes = [pool.node for pool in fleet.pools]
    return parts + unknown_of_nodes(deployment.resources.requests, deployment.placement, nodes)


def _decision(fleet: Fleet, arguments: argparse.Namespace) -> list[str]:
    """Return the autoscaler's decision in words, or why there is none."""
    scaled = {name: each.scaling for name, each in fleet.deployments.items() if each.scaling}
    scaled |= fleet.scalings
    if not scaled:
        return [f"{next(iter(fleet.deployments))}: not scaled, so nothing is decided."]
    if len(scaled) > 1 and arguments.values:
        names = ", ".join(list(scaled)[:_MOST_NAMED])
        return [f"No decision: several are scaled ({names}); give the files of one."]
    name, scaling = next(iter(scaled.items()))
    if not scaling.targets:
        return [f"{name}: scaled by no metric that is defined, so nothing is decided."]
    means = _means(scaling, arguments.mean)
    decision = decide(scaling, arguments.pods, means, by_policy=True)
    return decision_lines(
        name, scaling, fleet.deployments.get(name), arguments.pods, decision, means
    )


def _means(scaling: Scaling, given: Iterable[str]) -> dict[str, float]:
    """Return the mean of each metric from ``METRIC=VALUE``, or ``VALUE`` if there is but one."""
    targets = {target.metric: target for target in scaling.targets}
    means = {}
    for each in given:
        name, named, figure = each.rpartition("=")
        if not named and len(targets) > 1:
            words = " ".join(f"--mean {name}=VALUE" for name in targets)
            raise CommandError(f"--mean {each}: there are several metrics: give {words}")
        target = targets.get(name) if named else next(iter(targets.values()))
        if target is None:
            raise CommandError(unknown("metric", name, targets))
        if target.metric in means:
            raise CommandError(f"--mean {each}: {target.metric} has a mean already: give one")
        with prefixed("--mean"):
            means[target.metric] = target.read(figure)
    return means


def decision_lines(
    name: str,
    scaling: Scaling,
    deployment: Deployment | None,
    replicas: int,
    decision: Decision,
    means: Mapping[str, float],
) -> list[str]:
    """Return the autoscaler's decision for ``replicas`` pods, and what a rollout adds."""
    held = f", limited by {decision.held_by}" if decision.held_by else ""
    metric = decision.recommended
    target = next(each for each in scaling.targets if each.metric == decision.metric)
    what = "the metric" if target.total else "the mean"
    if len(scaling.targets) > 1:
        what = f"{target.metric} recommends most pods: it"
    lines = [
        f"{name}: {what} is {metric.ratio:.3f} of the target of {target} "
        f"({metric.reason}): {replicas} pods should be {metric.pods}; desired replicas: "
        f"{decision.replicas}{held}; stabilization windows are not counted."
    ]
    missing = [each.metric for each in scaling.targets if each.metric not in means]
    if missing:
        lines.append(f"Without a --mean, and so not counted: {', '.join(missing)}.")
    steps = [
        first_step_up(replicas, scaling.tolerances.up, each.value if each.utilization else None)
        for each in scaling.targets
    ]
    most_after = min(scaling.most, most_allowed(scaling.behaviour.up, replicas, now=0, changes=()))
    step = min(min(steps), most_after)
    up = f"its next step up is {step}" if step > replicas else "there is no step up"
    rollout = "."
    if deployment is not None:
        most = deployment.rollout.most(replicas)
        rollout = f"; a rollout of {replicas} has {most} at most, the surge included."
    return [*lines, f"From {replicas}, {up}{rollout}"]
