"""What the six utilities cost, as ratios to other forms of the same in one run."""

import asyncio
import logging
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pandas
import pytest
from async_tasks_cost.measure import OURS, Workload, check, imports_uncollected, measure
from async_tasks_cost.plan import PLAN
from async_tasks_cost.results import Results
from async_tasks_cost.sleep import SLEEPS, lost_cancellations
from async_tasks_cost.targets import TARGETS, Target

from ghosts.plots import cost

pytestmark = pytest.mark.timeout(0)  # everything is measured while the first test waits
_BUILD: Final = Path(__file__).parents[2] / "build" / "bench"


class _Complaints(logging.Handler):
    """Keeps what is logged as a warning or worse, such as asyncio's "never retrieved"."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@pytest.fixture(scope="module")
def complaints() -> Iterator[list[str]]:
    handler = _Complaints()
    logging.getLogger().addHandler(handler)
    yield handler.messages
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def results(complaints: list[str]) -> Results:
    began = time.perf_counter()
    with imports_uncollected():
        records = [
            record
            for workload, sizes in PLAN.items()
            for size in sizes
            for record in measure(workload, size)
        ]
    lost = {name: asyncio.run(lost_cancellations(sleep)) for name, sleep in SLEEPS.items()}
    results = Results(records, lost)
    results.save(_BUILD / "async_tasks.json")
    cost(pandas.DataFrame(map(asdict, records))).savefig(_BUILD / "async_tasks.png")
    results.show()
    print(f"Python {platform.python_version()}, {time.perf_counter() - began:.0f} s in all")
    return results


@pytest.mark.parametrize("workload", PLAN, ids=lambda workload: workload.name)
def test_every_implementation_does_the_same_job(workload: Workload) -> None:
    check(workload, n=100)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_ours_costs_no_more_than_promised(target: Target, results: Results) -> None:
    ratio = target.ratio(results.records)
    assert ratio <= (target.so_far or target.at_most)


def test_no_cancellation_is_lost_by_ten_thousand_sleepers(results: Results) -> None:
    assert results.lost_cancellations[OURS] == 0


def test_an_idle_limit_costs_a_quarter_of_a_timeout_per_frame_at_most(results: Results) -> None:
    cost = results.idle_microseconds()
    assert cost[OURS] <= 0.25 * cost["asyncio.timeout per frame"]


def test_nothing_complains_during_the_run(results: Results, complaints: list[str]) -> None:
    assert complaints == []
