"""Many days, on whatever runs calls side by side."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed

from ghosts.capacity.fleet.diary import Diary
from ghosts.capacity.fleet.simulate import Plan, simulate


def sweep(
    executor: Executor, plans: Sequence[Plan], on_day: Callable[[Diary], object] = lambda day: None
) -> list[Diary]:
    """Simulate the day of each plan and return their diaries, in the order of the plans.

    The executor is any of `concurrent.futures`, or one that does as they do. ``on_day`` is called
    with each diary as it comes. An exception of a day is raised; what has not begun is cancelled.
    """
    running = [executor.submit(simulate, plan) for plan in plans]
    try:
        for done in as_completed(running):
            on_day(done.result())
        return [each.result() for each in running]
    finally:
        for each in running:
            each.cancel()
