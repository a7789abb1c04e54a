"""One chart and one pool of nodes, and those of the incident."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from fleet.deployment import Deployment
from fleet.manifests import read_fleet, read_pools
from fleet.packing import Pool
from fleet.quantity import CapacityError
from ghosts.paths import DATA

__all__ = [
    "BEFORE",
    "FIRST_CUT",
    "POOL",
    "SECOND_CUT",
    "Deployment",
    "load_pool",
    "load_values",
]

CHART: Final = DATA / "chart"
POOL: Final = CHART / "pool.yaml"
"""The pool of nodes of 2026-05-13."""
BEFORE: Final = (CHART / "values.yaml",)
"""The values of 2026-05-13, before anything was changed."""
FIRST_CUT: Final = (*BEFORE, CHART / "values-first-cut.yaml")
SECOND_CUT: Final = (*BEFORE, CHART / "values-second-cut.yaml")


def load_values(file: Path, *above: Path, at: str | None = None) -> Deployment:
    """Load a chart's values, a file and those over it, or the objects of one deployment.

    Maps are merged key by key, as with several ``helm --values``; ``at`` is the path of a part.
    What is left out has Kubernetes' default.

    Raises:
        CapacityError: a merged value is not possible; the message names the files and the key. Or
            there are several deployments.
        OSError: a file cannot be read.
    """
    deployments = read_fleet((file, *above), POOL, at).deployments
    if len(deployments) != 1:
        names = ", ".join(deployments) or "none"
        raise CapacityError(f"{file.name}: should have one deployment; got {names}")
    return next(iter(deployments.values()))


def load_pool(file: Path = POOL) -> Pool:
    """Load a pool of nodes that are alike.

    Raises:
        CapacityError: a value is not possible; the message names the file and the key. Or the nodes
            differ.
        OSError: it cannot be read.
    """
    pools, _ = read_pools(file)
    first = pools[0]
    kinds = [replace(pool.node, name="", labels=None) for pool in pools]
    if any(kind != kinds[0] for kind in kinds):
        raise CapacityError(f"{file.name}: its nodes should be alike")
    return replace(first, nodes=sum(pool.nodes for pool in pools))
