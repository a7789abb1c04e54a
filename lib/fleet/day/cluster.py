"""The nodes and the pods on them: placement, eviction and restarts."""

from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from typing import Any

import simpy

from fleet.day.costs import Costs
from fleet.day.pod import Connection, SimulatedPod, State
from fleet.day.trace import Event, EventKind
from fleet.deployment import Deployment
from fleet.eviction import Use, evictions
from fleet.packing import Pool
from fleet.quantity import MIB
from fleet.rollout import Step


class Cluster:
    """The deployment, its scheduler and the kubelets, on a simulated clock in seconds.

    A pod that is terminated takes its whole grace period; its devices reconnect at once. A
    container that is killed for a probe takes its whole grace period, too, and restarts on its
    node; one that is out of memory restarts at once.
    """

    def __init__(
        self,
        clock: simpy.Environment,
        pool: Pool,
        deployment: Deployment,
        costs: Costs,
        start_seconds: float,
    ) -> None:
        self.pods: list[SimulatedPod] = []
        self.ready: list[SimulatedPod] = []
        """Those that are given new connections."""
        self.events: list[Event] = []
        self.desired = deployment.fewest
        """Replicas."""
        self.lost_mib = 0.0
        """Audio that was lost with containers."""
        self._clock = clock
        self._pool = pool
        self._per_node = pool.fit(deployment.resources).per_node
        self._deployment = deployment
        self._costs = costs
        self._start_seconds = start_seconds
        self._made = 0
        self._revision = 0

    def __repr__(self) -> str:
        states = Counter(pod.state.name.lower() for pod in self.pods)
        return f"<Cluster {', '.join(f'{count} {name}' for name, count in states.items())}>"

    @property
    def running(self) -> list[SimulatedPod]:
        """The Running pods, in the order of creation."""
        return [pod for pod in self.pods if pod.is_running]

    def set_state(self, pod: SimulatedPod, state: State) -> None:
        """Set the state of a pod, and with it which pods are ready."""
        pod.state = state
        self.ready = [each for each in self.pods if each.state is State.READY]

    def scale(self, replicas: int) -> None:
        """Set the desired number of replicas."""
        self.desired = replicas
        self.reconcile()

    def roll_out(self) -> None:
        """Begin to replace all pods."""
        self._revision += 1
        self.reconcile()

    def reconcile(self) -> None:
        """Create and end pods towards the desired number, and towards the newest revision."""
        while self._step():
            pass
        self._place()

    def _step(self) -> bool:
        """Create and end what may be now; return whether there was anything."""
        kept = [pod for pod in self.pods if pod.state is not State.TERMINATING]
        old = [pod for pod in kept if pod.revision < self._revision]
        new = [pod for pod in kept if pod.revision == self._revision]
        if old:
            available = sum(pod.state is State.READY for pod in new)
            step = self._deployment.rollout.step(
                self.desired, old=len(old), new=len(new), available=available
            )
        else:
            step = Step(create=max(0, self.desired - len(new)), end=0)
        surplus = max(0, len(new) - self.desired)
        self._end_first(old, step.end, EventKind.REPLACED)
        self._end_first(new, surplus, EventKind.SCALED_DOWN)
        for _ in range(step.create):
            self.pods.append(
                SimulatedPod(number=self._made, revision=self._revision, costs=self._costs)
            )
            self._made += 1
        return bool(step.create or step.end or surplus)

    def note(self, kind: EventKind, pod: SimulatedPod) -> None:
        """Record an event of a pod."""
        self.events.append(Event(t=self._clock.now, kind=kind, pod=pod.number, ghosts=pod.ghosts))

    def block_worker(self, pod: SimulatedPod, connection: Connection) -> None:
        """Block an upload worker of a pod, and record it if that was the last free one."""
        before = pod.exhausted_at
        pod.block_worker(connection, self._clock.now)
        if pod.exhausted_at != before:
            self.note(EventKind.EXHAUSTED, pod)

    def restart(self, pod: SimulatedPod, kind: EventKind) -> None:
        """Kill a pod's container and start another; ``kind`` is the reason."""
        self.note(kind, pod)
        self._disconnect(pod)
        pod.replace_container()
        self.set_state(pod, State.STARTING)
        killed = kind is EventKind.KILLED
        self._clock.process(self._start(pod, self._deployment.grace if killed else 0))

    def check_memory(self) -> None:
        """Kill containers above their limit; evict pods from nodes that are short of memory."""
        on_node: defaultdict[int, list[tuple[Use, SimulatedPod]]] = defaultdict(list)
        for pod in self.pods:
            if pod.node is None:
                continue
            use = self._use(pod)
            if pod.is_running and use.above_limit:
                self.restart(pod, EventKind.OUT_OF_MEMORY)
                use = self._use(pod)
            on_node[pod.node].append((use, pod))
        for there in on_node.values():
            self._relieve(there)

    def _relieve(self, there: Sequence[tuple[Use, SimulatedPod]]) -> None:
        pods = {use.name: pod for use, pod in there}
        for use in evictions(self._pool.node, (use for use, _ in there)):
            pod = pods[use.name]
            if pod.state is not State.TERMINATING:
                self.note(EventKind.EVICTED, pod)
                self._end(pod, 0)
                self.reconcile()

    def _use(self, pod: SimulatedPod) -> Use:
        return Use(
            name=str(pod.number),
            resources=self._deployment.resources,
            memory=round(pod.memory(self._clock.now) * MIB),
        )

    def _end_first(self, pods: Sequence[SimulatedPod], count: int, kind: EventKind) -> None:
        """End some pods: those that are Pending first, then those not ready, then the newest."""
        order = sorted(
            pods, key=lambda pod: (pod.is_running, pod.state is State.READY, -pod.number)
        )
        for pod in order[:count]:
            if pod.is_running:
                self.note(kind, pod)
            self._end(pod, self._deployment.grace)

    def _place(self) -> None:
        """Put Pending pods on the nodes that have fewest, as long as there is room."""
        on_node = Counter(pod.node for pod in self.pods)
        for pod in self.pods:
            if pod.state is not State.PENDING:
                continue
            node = min(range(self._pool.nodes), key=lambda each: on_node[each], default=None)
            if node is None or on_node[node] >= self._per_node:
                return
            pod.node = node
            self.set_state(pod, State.STARTING)
            on_node[node] += 1
            self._clock.process(self._start(pod, 0))

    def _start(self, pod: SimulatedPod, after: float) -> Generator[simpy.Event, Any, None]:
        container = pod.container
        yield self._clock.timeout(after)
        if pod.container == container:
            pod.started_at = self._clock.now
        yield self._clock.timeout(self._start_seconds)
        if pod.state is State.STARTING and pod.container == container:
            self.set_state(pod, State.READY)
            self.reconcile()

    def _end(self, pod: SimulatedPod, grace: float) -> None:
        self._disconnect(pod)
        self.set_state(pod, State.TERMINATING)
        if pod.node is None or not grace:
            self.pods.remove(pod)
        else:
            self._clock.process(self._remove(pod, grace))

    def _remove(self, pod: SimulatedPod, grace: float) -> Generator[simpy.Event, Any, None]:
        yield self._clock.timeout(grace)
        self.pods.remove(pod)
        self._place()

    def _disconnect(self, pod: SimulatedPod) -> None:
        """Close all its connections: their devices reconnect."""
        self.lost_mib += pod.unsaved(self._clock.now)
        for connection in pod.connections:
            connection.process.interrupt()
        pod.connections.clear()
