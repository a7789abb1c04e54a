"""Many days at once: in order, the same wherever they are simulated, and nothing runs on."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from small_days import WEARING, plan

from ghosts.capacity.fleet import Costs, Plan, Trace, simulate, sweep
from ghosts.replay.processes import processes


class Given(Executor):
    """An executor whose calls come out as they were given."""

    def __init__(self, *futures: "Future[Any]") -> None:
        self._futures = list(futures)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        return self._futures.pop(0)


def done(trace: Trace) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(trace)
    return future


def failed(error: Exception) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_exception(error)
    return future


@pytest.fixture
def plans(incident: Costs) -> list[Plan]:
    return [plan(incident, replace(WEARING, seed=seed, connections=8)) for seed in (3, 1, 2)]


def test_other_processes_come_to_the_same_traces_in_the_order_of_the_plans(
    plans: list[Plan],
) -> None:
    with processes(2) as executor:
        traces = sweep(executor, plans)
    assert traces == [simulate(each) for each in plans]
    assert len({trace.most_ghosts for trace in traces}) > 1


def test_threads_do_as_well_and_each_trace_is_passed_on_as_it_comes(plans: list[Plan]) -> None:
    came: list[Trace] = []
    with ThreadPoolExecutor(2) as executor:
        traces = sweep(executor, plans, came.append)
    assert sorted(map(id, came)) == sorted(map(id, traces))


def test_the_order_is_that_of_the_plans_whatever_comes_first(plans: list[Plan]) -> None:
    first, second = Trace(samples=(), events=()), simulate(plans[0])
    late: Future[Any] = Future()

    def on_trace(trace: Trace) -> None:
        if trace is second:
            late.set_result(first)

    assert sweep(Given(late, done(second)), plans[:2], on_trace) == [first, second]


def test_an_exception_of_a_day_is_raised_and_what_has_not_begun_is_cancelled(
    plans: list[Plan],
) -> None:
    waiting: Future[Any] = Future()
    with pytest.raises(RuntimeError, match=r"^the day failed$"):
        sweep(Given(failed(RuntimeError("the day failed")), waiting), plans[:2])
    assert waiting.cancelled()


def test_an_exception_of_who_is_told_cancels_what_has_not_begun(plans: list[Plan]) -> None:
    def stop(trace: Trace) -> None:
        raise RuntimeError("enough")

    waiting: Future[Any] = Future()
    with pytest.raises(RuntimeError, match=r"^enough$"):
        sweep(Given(done(Trace(samples=(), events=())), waiting), plans[:2], stop)
    assert waiting.cancelled()


def test_no_plans_are_no_days() -> None:
    assert sweep(Given(), []) == []
