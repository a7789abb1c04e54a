"""Many days at once: in order, the same wherever they are simulated, and nothing runs on."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import pytest
from small_days import WEARING, plan

from fleet.day import simulate, sweep
from fleet.day.costs import Costs
from fleet.day.simulate import Plan
from fleet.day.trace import Trace
from ghosts.processes import processes


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


def test_another_process_comes_to_the_same_traces_and_each_is_passed_on_as_it_comes(
    plans: list[Plan],
) -> None:
    came: list[Trace] = []
    with processes(1) as executor:
        traces = sweep(executor, plans[:2], came.append)
    assert traces == [simulate(each) for each in plans[:2]]
    assert sorted(map(id, came)) == sorted(map(id, traces))
    assert len({trace.most_ghosts for trace in traces}) > 1


def test_the_order_is_that_of_the_plans_whatever_comes_first(plans: list[Plan]) -> None:
    first, second = (Trace(samples=(each,), events=()) for each in simulate(plans[0]).samples[:2])
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
