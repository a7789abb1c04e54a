"""Both lifecycles, and simulated time that leaves nothing unsaid."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from typing import Any, TypeAlias

import pytest

from async_tasks import check_cardinality
from ghosts.pusher import LIFECYCLES, Lifecycle
from ghosts.replay.clock import simulate

Run: TypeAlias = Callable[[Callable[[], Coroutine[Any, Any, object]]], Any]


# The incident, and the fix in both of its forms; the steps between them are in the matrix.
@pytest.fixture(params=["gather_all", "supervised", "supervised_by_hand"])
def lifecycle(request: pytest.FixtureRequest) -> Lifecycle:
    return LIFECYCLES[request.param]


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

        gc.freeze()  # what was there before need not be looked through below
        try:
            return simulate(watched)
        finally:
            gc.collect()
            gc.unfreeze()

    yield run_simulated
    assert complaints == []


@pytest.fixture(autouse=True)
def _static_labels() -> Iterator[None]:
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
