"""Runs a pod on real sockets and simulated time with an answer as the lifecycle of each session."""

from collections.abc import Callable
from typing import Any

from ghosts.exercises.answers import AsyncFunction
from ghosts.exercises.catalogue.the_lifecycle.observed import Run
from ghosts.exercises.catalogue.the_lifecycle.plans import Plan
from ghosts.exercises.catalogue.the_lifecycle.watch import Watch
from ghosts.exercises.guarded import Guard
from ghosts.replay import replay
from ghosts.variants import INCIDENT


def run(answer: AsyncFunction, plan: Plan, on_progress: Callable[[float], object]) -> Run:
    """Run a plan and return what was observed.

    Raises:
        StuckError: the answer never returns to the event loop.
    """

    def replayed() -> Run:
        watch = Watch(answer, plan, guard.enter_loop)
        at_end: list[dict[str, Any]] = []
        recording = replay(
            plan.scenario,
            INCIDENT.with_lifecycle(watch.lifecycle, name="answer"),
            measure_memory=False,
            at_sample=watch.at_sample,
            at_end=lambda bed: at_end.append(watch.seen(bed)),
        )
        return Run(plan=plan, recording=recording, **at_end[0])

    guard = Guard(replayed)
    return guard.result(on_progress)
