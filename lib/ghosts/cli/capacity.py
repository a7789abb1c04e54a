"""The subcommand ``ghosts capacity``: what fits a pool, and how many pods are desired."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.table import Table

from fleet import BEFORE, FIRST_CUT, POOL, SECOND_CUT, decide, load_pool, load_values
from fleet.autoscaler import Decision
from fleet.packing import Pool, insufficient
from fleet.recommendation import first_step_up
from fleet.values import Deployment
from ghosts.cli.checks import CommandError
from ghosts.cli.console import console_of

_WIDTH: Final = 100
"""Columns that the table takes where there is no terminal."""


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand to the parser's."""
    capacity = commands.add_parser(
        "capacity",
        help="print how many pods fit the nodes, and how many are desired",
        description="Print how many pods of a Helm chart fit a pool of nodes, and what runs out "
        "first: of the chart of the incident before and after its requests were cut, or of yours.",
    )
    capacity.add_argument(
        "--values",
        metavar="FILE",
        type=Path,
        action="append",
        help="values of a chart; can be given more than once, the later over the earlier; its keys "
        "are those of data/chart/values.yaml",
    )
    capacity.add_argument(
        "--pool", metavar="FILE", type=Path, help="nodes, as in data/chart/pool.yaml"
    )
    capacity.add_argument("--pods", metavar="N", type=int, help="with --mean: pods there are")
    capacity.add_argument(
        "--mean",
        metavar="CONNECTIONS",
        type=float,
        help="with --pods: their mean, to print the autoscaler's decision as well",
    )
    capacity.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    if (arguments.pods is None) != (arguments.mean is None):
        raise CommandError("--pods and --mean go together: give both")
    if arguments.values:
        charts = {arguments.values[-1].name: tuple(arguments.values)}
    else:
        charts = {"before": BEFORE, "first cut": FIRST_CUT, "second cut": SECOND_CUT}
    deployments = {name: load_values(*files) for name, files in charts.items()}
    pool = load_pool(arguments.pool or POOL)
    name, deployment = next(iter(deployments.items()))
    decision = None
    if arguments.mean is not None:
        decision = decide(deployment.scaling, arguments.pods, arguments.mean)
    print_capacity(pool, deployments)
    if decision is not None:
        print()
        print_decision(name, deployment, arguments.pods, decision)


def print_capacity(pool: Pool, deployments: Mapping[str, Deployment]) -> None:
    """Print how each deployment, by its name, fits a pool."""
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
        fit = pool.fit(deployment.resources)
        most = deployment.rollout.most(deployment.scaling.most)
        table.add_row(
            name,
            deployment.resources.qos,
            f"{fit.per_node}" if fit.per_node else "none",
            f"{fit.pods}",
            f"{fit.slack}",
            ", ".join(insufficient(deployment.resources, fit.slack)) or "a place for a pod",
            f"{most}" if most <= fit.pods else f"{most}: {most - fit.pods} Pending",
        )
    console.print(
        f"{pool.nodes} nodes, each with {pool.node.usable} for these pods", soft_wrap=True
    )
    console.print()
    console.print(table)
    console.print()
    console.print(
        "In all: pods for which there is room. At most: pods when the autoscaler is at its"
    )
    console.print("maximum and a rollout adds its surge.")


def print_decision(name: str, deployment: Deployment, replicas: int, decision: Decision) -> None:
    """Print the autoscaler's decision for ``replicas`` pods, and what a rollout adds."""
    scaling, rollout = deployment.scaling, deployment.rollout
    held = f", limited by {decision.held_by}" if decision.held_by else ""
    metric = decision.recommended
    print(
        f"{name}: the mean is {metric.ratio:.3f} of the target of {scaling.target:g} "
        f"({metric.reason}): {replicas} pods should be {metric.pods}; desired replicas: "
        f"{decision.replicas}{held}."
    )
    print(
        f"From {replicas}, its next step up is {first_step_up(replicas, scaling.tolerance)}; "
        f"a rollout of {replicas} has {rollout.most(replicas)} at most, the surge included."
    )
