"""Fixtures of this folder that `tests/data` and `tests/slow` use as well."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from typing import Any, TypeAlias

import pytest

from async_tasks import check_cardinality
from ghosts.simulation.clock import simulate

Run: TypeAlias = Callable[[Callable[[], Coroutine[Any, Any, object]]], Any]


@pytest.fixture
def run() -> Iterator[Run]:
    """Run a scenario on simulated time. What asyncio complains of afterwards fails the test."""
    complaints: list[str] = []

    def run_simulated(scenario: Callable[[], Coroutine[Any, Any, object]]) -> object:
        async def watched() -> object:
            asyncio.get_running_loop().set_exception_handler(
                lambda _, context: complaints.append(context["message"])
            )
            return await scenario()

        try:
            return simulate(watched)
        finally:
            gc.collect()

    yield run_simulated
    assert complaints == []


@pytest.fixture(autouse=True)
def static_labels() -> Iterator[None]:
    yield
    check_cardinality()


@pytest.fixture
def dask_executor() -> Iterator[Executor]:
    """The executor of a local cluster of Dask's, with two processes."""
    from distributed import Client, LocalCluster  # a second, which only its tests need

    # A free port: on the usual one, a cluster beside another warns, which fails its test.
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )
    with cluster, Client(cluster) as client:
        yield client.get_executor()
