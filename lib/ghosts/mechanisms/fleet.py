"""A fleet of replayed pods under one candidate, each with a seed and connections of its own."""

import random
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

from ghosts.config import STORAGE_WORKERS
from ghosts.mechanisms.candidates import Candidate, candidate
from ghosts.processes import call_all
from ghosts.records.candidate_runs import PodRun, PodSample
from ghosts.records.scenario import Scenario, ScenarioError
from ghosts.replay.run import replay
from ghosts.simulation.test_bed import TestBed
from ghosts.variants import INCIDENT

PODS: Final = 24
"""Pods of the fleet on 2026-05-13 (omi#7280)."""
SEED: Final = 20260513
CONNECTIONS_ON_RECORD: Final = (22, 20, 17, 16, 7)
"""TCP connections of the five pods of 2026-04-28 (omi#7071), which the first pods have."""
CONNECTIONS_MEAN: Final = 21.4
"""Connections per pod on 2026-05-13 (derived: ``live_connections_per_pod`` in data/fleet.csv)."""
CONNECTIONS_RANGE: Final = 5, 26
"""The fewest and the most of a pod in the first hour after the deploy (data/post_deploy.csv)."""
PLANNED: Final = 22
"""Connections at a time in the candidates' scenarios."""
MINUTES: Final = 10
"""Minutes between two samples that are kept of a pod."""


@dataclass(frozen=True, slots=True)
class PodPlan:
    """One pod of a fleet."""

    pod: int
    seed: int
    connections: int
    """At a time."""

    def of(self, scenario: Scenario) -> Scenario:
        """The same scenario with this pod's seed and number of connections."""
        groups = tuple(
            replace(group, count=max(1, round(group.count * self.connections / PLANNED)))
            for group in scenario.devices
        )
        return replace(scenario, seed=self.seed, devices=groups)


def plan_fleet(pods: int = PODS, seed: int = SEED) -> tuple[PodPlan, ...]:
    """Give each pod a seed and a number of connections, by the seed of the fleet.

    The first five have the connections on record, the others draw theirs from a Poisson
    distribution around the record's mean, again while they are out of the record's range. A pod's
    plan does not depend on how many others there are.

    Raises:
        ScenarioError: a fleet has at least one pod.
    """
    if pods < 1:
        raise ScenarioError(f"a fleet has at least 1 pod; got {pods}")
    return tuple(_plan(pod, random.Random(f"{seed}/{pod}")) for pod in range(pods))


def _plan(pod: int, chance: random.Random) -> PodPlan:
    seed = chance.randrange(2**31)
    if pod < len(CONNECTIONS_ON_RECORD):
        return PodPlan(pod, seed, CONNECTIONS_ON_RECORD[pod])
    while True:
        connections = _poisson(CONNECTIONS_MEAN, chance)
        if CONNECTIONS_RANGE[0] <= connections <= CONNECTIONS_RANGE[1]:
            return PodPlan(pod, seed, connections)


def _poisson(mean: float, chance: random.Random) -> int:
    """Count how many exponential gaps of mean 1 fit into ``mean``."""
    count, reached = 0, chance.expovariate(1.0)
    while reached < mean:
        count += 1
        reached += chance.expovariate(1.0)
    return count


def replay_pod(name: str, plan: PodPlan, minutes: int | None = None) -> PodRun:
    """Replay one pod under the candidate of this name, before the fix.

    The same call gives the same run. ``minutes`` ends it before the scenario does.
    """
    chosen = candidate(name)
    scenario = plan.of(chosen.scenario)
    if minutes is not None:
        scenario = shortened(scenario, minutes * 60)
    held: list[int] = []
    recording = replay(
        scenario,
        INCIDENT.with_clients(chosen.clients),
        measure_memory=False,
        at_sample=lambda bed: held.append(_held_by_ghosts(bed)),
    )
    samples = [
        PodSample(
            minute=round(sample.t // 60),
            ghosts=sample.ghosts,
            blocked_workers=sample.workers_blocked,
            gauge=sample.gauge,
            tcp=sample.tcp,
            held_bytes=size,
        )
        for sample, size in zip(recording.samples, held, strict=True)
    ]
    full = (each.minute for each in samples if each.blocked_workers == STORAGE_WORKERS)
    last = samples[-1]
    return PodRun(
        pod=plan.pod,
        seed=plan.seed,
        connections=plan.connections,
        ghosts=last.ghosts,
        blocked_workers=last.blocked_workers,
        gauge=last.gauge,
        tcp_mean=round(sum(each.tcp for each in samples) / len(samples), 1),
        sixteenth_minute=next(full, None),
        held_bytes=last.held_bytes,
        samples=tuple(each for each in samples if each.minute % MINUTES == 0 or each is last),
    )


def _held_by_ghosts(bed: TestBed) -> int:
    ghosts = bed.observer.sessions.ghosts.values()
    return sum(session.private_cloud.held_bytes for session in ghosts)


def shortened(scenario: Scenario, duration: int) -> Scenario:
    """The first seconds of a scenario: the same rate of arrivals, and what begins in that time."""
    groups = []
    for group in scenario.devices:
        first, last = group.arrive
        if first < duration:
            until = min(last, duration - 1)
            count = max(1, round(group.count * (until + 1 - first) / (last + 1 - first)))
            groups.append(replace(group, arrive=(first, until), count=count))
    begun = tuple(f for f in scenario.faults if f.start == "departure" or f.start < duration)
    return replace(
        scenario,
        duration=duration,
        devices=tuple(groups),
        faults=begun,
        sample_every=min(scenario.sample_every, duration),
    )


def replay_fleet(
    executor: Executor,
    candidate: Candidate,
    *,
    pods: int = PODS,
    seed: int = SEED,
    minutes: int | None = None,
    on_pod: Callable[[PodRun], object] = lambda pod: None,
) -> tuple[PodRun, ...]:
    """Replay each pod of a fleet under a candidate, before the fix, and return them in order.

    The executor is any of `concurrent.futures`, or one with the same interface: each pod is one
    call, to which a name and three numbers are sent. ``on_pod`` is called with each pod as it
    comes. ``minutes`` ends all of them before the scenario does. The first exception is raised, and
    what has not started is cancelled.

    Raises:
        ScenarioError: a fleet has at least one pod.
        ProcessDiedError: the executor lost a process.
    """
    # The largest first, so that no core is left alone with one at the end.
    by_size = sorted(plan_fleet(pods, seed), key=lambda plan: -plan.connections)
    calls = [(candidate.name, plan, minutes) for plan in by_size]
    runs = call_all(executor, replay_pod, calls, on_result=on_pod)
    return tuple(sorted(runs, key=lambda run: run.pod))
