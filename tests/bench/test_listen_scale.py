"""What 1,800 connections cost through listen and the pusher, and how that has grown from 100.

All of them are real and on one machine: devices, listen, the pusher and what these call share a
process and a simulated clock, so that a connection's cost is that of all its ends.
"""

from pathlib import Path
from typing import Final

import pytest
from listen_crowd import Crowd, crowd
from listen_results import GROWTH, Growth, ListenResults

pytestmark = pytest.mark.timeout(0)  # everything is measured while the first test waits
_BUILD: Final = Path(__file__).parents[2] / "build" / "bench"
_SIZES: Final = {"shipped": (100, 300, 600, 1200, 1800), "gather_all": (100, 1800)}
_TRACED: Final = (100, 600)
_ROUNDS: Final = 2
"""Others may be at work on the machine: of as many crowds of a size, each in a process of its own,
the one that took the least processor time is kept."""


@pytest.fixture(scope="module")
def results() -> ListenResults:
    rounds = [
        [crowd(size, name) for name, sizes in _SIZES.items() for size in sizes]
        for _ in range(_ROUNDS)
    ]
    results = ListenResults(
        crowds=[
            min(same, key=lambda each: each.loaded_cpu_seconds)
            for same in zip(*rounds, strict=True)
        ],
        traced=[crowd(size, "shipped", traced=True) for size in _TRACED],
    )
    results.save(_BUILD / "listen_scale.json")
    print()
    results.show()
    return results


def test_gauges_and_the_system_count_every_device(results: ListenResults) -> None:
    for each in (*results.crowds, *results.traced):
        counts = each.gauge_listen, each.tcp_listen, each.gauge_pusher, each.tcp_pusher
        assert (*counts, each.arrived, each.cut_off) == (*[each.devices] * 5, 0)


def test_a_connection_has_as_many_tasks_in_every_crowd(results: ListenResults) -> None:
    assert len({_tasks_each(each) for each in results.crowds}) == 1


@pytest.mark.parametrize("growth", GROWTH, ids=str)
def test_growth_is_close_to_linear(growth: Growth, results: ListenResults) -> None:
    assert growth.exponent(results.of("shipped")) <= growth.at_most


def _tasks_each(each: Crowd) -> tuple[float, float]:
    return each.tasks_listen / each.devices, each.tasks_pusher / each.devices
