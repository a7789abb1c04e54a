"""Simulate many days on an executor."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed

from fleet.day.simulate import Plan, simulate
from fleet.day.trace import Trace


def sweep(
    executor: Executor,
    plans: Sequence[Plan],
    on_trace: Callable[[Trace], object] = lambda trace: None,
) -> list[Trace]:
    """Simulate the day of each plan and return their traces, in the order of the plans.

    The executor is one of `concurrent.futures`, or has the same interface. ``on_trace`` is called
    with each trace when it is ready. An exception of a day is raised; days that have not
    begun are cancelled.
    """
    running = [executor.submit(simulate, plan) for plan in plans]
    try:
        for done in as_completed(running):
            on_trace(done.result())
        return [each.result() for each in running]
    finally:
        for each in running:
            each.cancel()
