"""A day of the fleet on simulated time: devices, pods that accumulate ghosts, and the autoscaler.

Each upload has a small chance never to return, and one that never returns blocks an upload worker
of its pod until the container restarts. The balancer only checks readiness: a pod full of ghosts
gets as many new connections as any other.

Not modelled: the seconds in which a session ends, the startup probe, the pause before a pod is
terminated, the growing pauses between restarts (CrashLoopBackOff), scaling old and new pods in
proportion during a rollout, and nodes that come or go.
"""

import math
import random
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import simpy

from fleet.autoscaler import SYNC_PERIOD, Autoscaler, Scaling
from fleet.day.cluster import Cluster
from fleet.day.costs import Costs
from fleet.day.day import DAY, HOUR, Day, Rollout, Stall, check_day
from fleet.day.measures import check_measured, figures, readings
from fleet.day.pod import Connection, State
from fleet.day.trace import EventKind, Sample, Trace
from fleet.deployment import Deployment
from fleet.packing import Pool
from fleet.quantity import CapacityError
from ghosts.config import PRIVATE_CLOUD_CHUNK_SECONDS

_SAMPLE_EVERY: Final = 60.0
"""Seconds between two samples, and between two checks of memory by the kubelet."""
_RETRY: Final = 1.0
"""Seconds after which a device tries again where no pod is ready."""
_Process: TypeAlias = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All inputs of a simulated day.

    Raises:
        CapacityError: a value of the day is not allowed, a stall is that of a pod that the day
            does not begin with, or the autoscaler reads a metric that a day does not have.
    """

    day: Day
    deployment: Deployment
    pool: Pool
    costs: Costs

    def __post_init__(self) -> None:
        check_day(self.day)
        check_measured(self.deployment.scaling, self.deployment.resources)
        fewest = self.deployment.fewest
        for stall in self.day.stalls:
            if stall.pod >= fewest:
                raise CapacityError(
                    f"{self.day.name}: stalls: pod {stall.pod}: should be one of the {fewest} that "
                    f"the day begins with, 0 to {fewest - 1}"
                )


def simulate(plan: Plan) -> Trace:
    """Simulate a day. The same plan gives the same trace, on every machine."""
    return _World(plan).run()


class _World:
    """The cluster and all that acts on it: devices, autoscaler, rollouts, stalls, the kubelet.

    Devices, uploads and the balancer have a stream of random numbers each, so that two plans of
    the same day have the same devices.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._day = plan.day
        self._devices, self._uploads, self._balancer = (
            random.Random(f"{plan.day.seed}/{name}") for name in ("devices", "uploads", "balancer")
        )
        self._clock = simpy.Environment()
        self._cluster = Cluster(
            self._clock, plan.pool, plan.deployment, plan.costs, plan.day.start_seconds
        )
        self._lost_mib = 0.0
        self._samples: list[Sample] = []

    def run(self) -> Trace:
        self._cluster.reconcile()
        for _ in range(round(self._day.live(0))):
            # A device that is connected when the day begins has a part of its stay left.
            self._connect(self._devices.random() * self._devices.uniform(*self._day.stay))
        self._clock.process(self._arrivals())
        if self._plan.deployment.scaling is not None:
            self._clock.process(self._autoscaling(self._plan.deployment.scaling))
        self._clock.process(self._sampling())
        for rollout in self._day.rollouts:
            self._clock.process(self._rollout(rollout))
        for stall in self._day.stalls:
            self._clock.process(self._stall(stall))
        self._clock.run(until=DAY)
        return Trace(samples=tuple(self._samples), events=tuple(self._cluster.events))

    def _arrivals(self) -> _Process:
        busiest = self._day.arrivals(self._day.busiest_hour * HOUR)
        at = 0.0
        while True:
            at += self._devices.expovariate(busiest)
            if self._devices.random() * busiest < self._day.arrivals(at):
                yield self._clock.timeout(at - self._clock.now)
                self._connect(self._devices.uniform(*self._day.stay))

    def _connect(self, seconds: float) -> None:
        stores = self._devices.random() < self._day.storing
        self._clock.process(self._device(seconds, stores=stores))

    def _device(self, seconds: float, *, stores: bool) -> _Process:
        """Stay connected until the device leaves, and reconnect when its pod closes."""
        leaves = self._clock.now + seconds
        this = self._clock.active_process
        assert this is not None
        while (now := self._clock.now) < leaves:
            if not self._cluster.ready:
                yield self._clock.timeout(_RETRY)
                continue
            pod = self._balancer.choice(self._cluster.ready)
            connection = Connection(since=now, stores=stores, process=this)
            pod.connections.append(connection)
            hangs = now + self._seconds_until_hang() if stores else math.inf
            try:
                if hangs < leaves:
                    yield self._clock.timeout(hangs - now)
                    self._cluster.block_worker(pod, connection)
                yield self._clock.timeout(leaves - self._clock.now)
            except simpy.Interrupt:
                continue
            as_ghost = self._uploads.random() < self._plan.costs.ghosts_per_departure
            self._lost_mib += pod.leave(connection, self._clock.now, as_ghost=as_ghost)

    def _seconds_until_hang(self) -> float:
        """Draw when a connection's first upload that never returns begins.

        A connection uploads once a minute. The number of uploads up to and including the first one
        that never returns has a geometric distribution.
        """
        share = self._day.share
        if not share or not self._plan.costs.blocks_workers:
            return math.inf
        uploads = 1
        if share < 1:
            chance = 1.0 - self._uploads.random()  # above 0, up to 1
            uploads = max(1, math.ceil(math.log(chance) / math.log1p(-share)))
        return uploads * PRIVATE_CLOUD_CHUNK_SECONDS

    def _autoscaling(self, scaling: Scaling) -> _Process:
        autoscaler = Autoscaler(scaling)
        read_off = figures(scaling, self._plan.deployment.resources)
        while True:
            yield self._clock.timeout(SYNC_PERIOD)
            pods = [pod for pod in self._cluster.pods if pod.state is not State.TERMINATING]
            now, desired = self._clock.now, self._cluster.desired
            replicas = autoscaler.look(now, desired, readings(read_off, pods, now)).replicas
            if replicas != desired:
                self._cluster.scale(replicas)

    def _rollout(self, rollout: Rollout) -> _Process:
        yield self._clock.timeout(rollout.hour * HOUR)
        self._cluster.roll_out()

    def _stall(self, stall: Stall) -> _Process:
        start = stall.hour * HOUR
        end = start + stall.seconds
        yield self._clock.timeout(start)
        running = self._cluster.running
        if stall.pod >= len(running) or running[stall.pod].state is not State.READY:
            return
        pod = running[stall.pod]
        container = pod.container
        unready_at = self._plan.deployment.readiness.fails_at(start, end)
        killed_at = self._plan.deployment.liveness.fails_at(start, end)
        for at in sorted(filter(None, (unready_at, killed_at, end))):
            yield self._clock.timeout(at - self._clock.now)
            if pod.container != container or not pod.is_running:
                return
            if at == killed_at:
                self._cluster.restart(pod, EventKind.KILLED)
            elif at == unready_at and pod.state is State.READY:
                self._cluster.note(EventKind.UNREADY, pod)
                self._cluster.set_state(pod, State.UNREADY)
            elif at == end and pod.state is State.UNREADY:
                self._cluster.set_state(pod, State.READY)
                self._cluster.reconcile()

    def _sampling(self) -> _Process:
        while True:
            yield self._clock.timeout(_SAMPLE_EVERY)
            self._cluster.check_memory()
            self._samples.append(self._sample())

    def _sample(self) -> Sample:
        now = self._clock.now
        states = Counter(pod.state for pod in self._cluster.pods)
        return Sample(
            t=now,
            desired=self._cluster.desired,
            pending=states[State.PENDING],
            terminating=states[State.TERMINATING],
            pods=tuple(pod.sample(now) for pod in self._cluster.running),
            lost_mib=self._lost_mib + self._cluster.lost_mib,
        )
