"""A day of the fleet on simulated time: devices come and go, a pod breaks, the autoscaler acts.

The balancer sees readiness and nothing else: a pod full of ghosts gets as many new connections as
any other. What is left out: the seconds in which a session ends, rollouts, the startup probe, the
pause before a pod is told to end, the growing pauses of a container that is killed again and
again, and nodes that come or go.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import simpy

from ghosts.capacity.autoscaler import SYNC_PERIOD, Autoscaler
from ghosts.capacity.fleet.cluster import Cluster
from ghosts.capacity.fleet.costs import Costs
from ghosts.capacity.fleet.day import DAY, HOUR, Day, Exhausted, Stall
from ghosts.capacity.fleet.diary import Diary, EventKind, Look
from ghosts.capacity.fleet.pod import Connection, State
from ghosts.capacity.packing import Pool
from ghosts.capacity.quantity import CapacityError
from ghosts.capacity.recommendation import Metered
from ghosts.capacity.values import Deployment

_LOOK_EVERY: Final = 60.0
"""Seconds between two looks at memory, for the diary and for the kubelet."""
_RETRY: Final = 1.0
"""Seconds after which a device tries again where no pod is ready."""
_Process: TypeAlias = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a day depends on.

    Raises:
        CapacityError: something is to befall a pod that the day does not begin with.
    """

    day: Day
    deployment: Deployment
    pool: Pool
    costs: Costs

    def __post_init__(self) -> None:
        fewest = self.deployment.scaling.fewest
        befallen = [each.pod for each in self.day.exhausted]
        befallen += [each.pod for each in self.day.stalls]
        for pod in befallen:
            if pod >= fewest:
                raise CapacityError(
                    f"{self.day.name}: pod {pod}: should be one of the {fewest} that the day "
                    f"begins with, 0 to {fewest - 1}"
                )


def simulate(plan: Plan) -> Diary:
    """Let a day pass. The same plan gives the same diary, on every machine."""
    return _World(plan).pass_the_day()


class _World:
    """The cluster, and everybody who acts on it, each a process of the simulation."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._day = plan.day
        self._random = random.Random(plan.day.seed)
        self._clock = simpy.Environment()
        self._cluster = Cluster(
            self._clock, plan.pool, plan.deployment, plan.costs, plan.day.start_seconds
        )
        self._asked = plan.deployment.scaling.fewest
        self._lost_mib = 0.0
        self._looks: list[Look] = []

    def pass_the_day(self) -> Diary:
        self._cluster.ask_for(self._asked)
        for _ in range(round(self._day.live(0))):
            # Those that are there already have been so for a part of their time.
            stay = self._random.random() * self._random.uniform(*self._day.stay)
            self._clock.process(self._connection(stay))
        self._clock.process(self._arrivals())
        self._clock.process(self._autoscaling())
        self._clock.process(self._looking())
        for exhausted in self._day.exhausted:
            self._clock.process(self._exhaust(exhausted))
        for stall in self._day.stalls:
            self._clock.process(self._stall(stall))
        self._clock.run(until=DAY)
        return Diary(looks=tuple(self._looks), events=tuple(self._cluster.events))

    def _arrivals(self) -> _Process:
        busiest = self._day.arrivals(self._day.busiest_hour * HOUR)
        while True:
            yield self._clock.timeout(self._random.expovariate(busiest))
            if self._random.random() * busiest < self._day.arrivals(self._clock.now):
                self._clock.process(self._connection(self._random.uniform(*self._day.stay)))

    def _connection(self, seconds: float) -> _Process:
        """Be one device: connect, and once more when the pod goes, until it has had enough."""
        leaves = self._clock.now + seconds
        stores = self._random.random() < self._day.storing
        this = self._clock.active_process
        assert this is not None
        while self._clock.now < leaves:
            ready = self._cluster.ready
            if not ready:
                yield self._clock.timeout(_RETRY)
                continue
            pod = self._random.choice(ready)
            connection = Connection(since=self._clock.now, stores=stores, process=this)
            pod.connections.append(connection)
            try:
                yield self._clock.timeout(leaves - self._clock.now)
            except simpy.Interrupt:
                continue
            as_ghost = self._random.random() < self._plan.costs.ghosts_per_departure
            self._lost_mib += pod.leave(connection, self._clock.now, as_ghost=as_ghost)

    def _autoscaling(self) -> _Process:
        autoscaler = Autoscaler(self._plan.deployment.scaling)
        while True:
            yield self._clock.timeout(SYNC_PERIOD)
            metered = [
                Metered(
                    value=pod.gauge if pod.state is State.READY else None,
                    ready=pod.state is not State.PENDING,
                )
                for pod in self._cluster.pods
                if pod.state is not State.ENDING
            ]
            asked = autoscaler.look(self._clock.now, self._asked, metered).replicas
            if asked != self._asked:
                self._asked = asked
                self._cluster.ask_for(asked)

    def _exhaust(self, exhausted: Exhausted) -> _Process:
        yield self._clock.timeout(exhausted.hour * HOUR)
        pod = self._cluster.numbered(exhausted.pod)
        if pod is not None and pod.exhausted_at is None:
            pod.exhausted_at = self._clock.now
            self._cluster.note(EventKind.EXHAUSTED, pod)

    def _stall(self, stall: Stall) -> _Process:
        start = stall.hour * HOUR
        end = start + stall.seconds
        yield self._clock.timeout(start)
        pod = self._cluster.numbered(stall.pod)
        if pod is None or pod not in self._cluster.ready:
            return
        container = pod.container
        unready_at = self._plan.deployment.readiness.gives_up_at(start, end)
        killed_at = self._plan.deployment.liveness.gives_up_at(start, end)
        for at in sorted(filter(None, (unready_at, killed_at, end))):
            yield self._clock.timeout(at - self._clock.now)
            if pod.container != container or not pod.is_there:
                return
            if at == killed_at:
                self._cluster.begin_anew(pod, EventKind.KILLED)
            elif at == unready_at and pod.state is State.READY:
                self._cluster.note(EventKind.UNREADY, pod)
                pod.state = State.UNREADY
            elif at == end and pod.state is State.UNREADY:
                pod.state = State.READY

    def _looking(self) -> _Process:
        while True:
            yield self._clock.timeout(_LOOK_EVERY)
            self._cluster.check_memory()
            self._looks.append(self._look())

    def _look(self) -> Look:
        now = self._clock.now
        there = [pod for pod in self._cluster.pods if pod.is_there]
        largest = max(there, key=lambda pod: pod.memory(now), default=None)
        return Look(
            t=now,
            asked=self._asked,
            running=len(there),
            pending=sum(pod.state is State.PENDING for pod in self._cluster.pods),
            live=sum(len(pod.connections) for pod in there),
            ghosts=sum(pod.ghosts for pod in there),
            largest_ghosts=largest.ghosts if largest else 0,
            largest_mib=largest.memory(now) if largest else 0.0,
            lost_mib=self._lost_mib + self._cluster.lost_mib,
        )
