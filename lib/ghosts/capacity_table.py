"""What fits a pool, and how many pods its autoscaler wants, on a terminal."""

from collections.abc import Mapping

from rich import box
from rich.table import Table

from ghosts.capacity import Decision, Deployment, Pool, first_step_up, insufficient
from ghosts.terminal import console_of

_WIDTH = 100
"""Columns that the table takes where there is no terminal to ask."""


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
    print(
        f"{name}: the mean is {decision.wanted.ratio:.3f} of the target of {scaling.target:g} "
        f"({decision.wanted.reason}): {replicas} pods should be {decision.wanted.pods}; desired "
        f"replicas: {decision.replicas}{held}."
    )
    print(
        f"From {replicas}, its next step up is {first_step_up(replicas, scaling.tolerance)}; "
        f"a rollout of {replicas} has {rollout.most(replicas)} at most, the surge included."
    )
