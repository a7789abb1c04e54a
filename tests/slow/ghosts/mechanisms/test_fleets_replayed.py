"""A stored pod is what a replay of it gives, and processes and Dask give the same fleet."""

from collections.abc import Iterator
from concurrent.futures import Executor

import pytest

from ghosts.mechanisms import (
    STORED_FLEETS,
    candidate,
    plan_fleet,
    read_fleet,
    replay_fleet,
    replay_pod,
)
from ghosts.processes import processes
from ghosts.records.candidate_runs import PodRun

C = "c_some_uploads_hang"
MINUTES = 2


@pytest.mark.parametrize("name", [name for name in STORED_FLEETS if name != "a_storage_stops"])
def test_the_stored_pod_of_seven_is_what_a_replay_of_it_gives(name: str) -> None:
    assert replay_pod(name, plan_fleet()[4]) == read_fleet(STORED_FLEETS[name])[4]


@pytest.fixture(scope="module")
def two_pods() -> tuple[PodRun, ...]:
    return tuple(replay_pod(C, plan, MINUTES) for plan in plan_fleet(2))


@pytest.fixture(params=["processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "dask":
        yield request.getfixturevalue("dask_executor")
        return
    with processes(2) as pool:
        yield pool


def test_any_executor_gives_the_same_fleet(
    executor: Executor, two_pods: tuple[PodRun, ...]
) -> None:
    came: list[PodRun] = []
    fleet = replay_fleet(executor, candidate(C), pods=2, minutes=MINUTES, on_pod=came.append)
    assert fleet == two_pods
    assert sorted(came, key=lambda run: run.pod) == list(two_pods)
