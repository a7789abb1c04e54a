"""The nodes and the pods on them: who is placed where, who has to go, who begins anew."""

from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from typing import Any

import simpy

from ghosts.capacity.eviction import Use, evictions
from ghosts.capacity.fleet.costs import Costs
from ghosts.capacity.fleet.diary import Event, EventKind
from ghosts.capacity.fleet.pod import Pod, State
from ghosts.capacity.packing import Pool
from ghosts.capacity.quantity import MIB
from ghosts.capacity.values import Deployment


class Cluster:
    """What the scheduler and the kubelets do, on a simulated clock whose unit is the second.

    An ending pod takes its whole grace. A container that is killed for a probe does, too, and
    begins anew on its node; one that is out of memory begins anew at once.
    """

    def __init__(
        self,
        clock: simpy.Environment,
        pool: Pool,
        deployment: Deployment,
        costs: Costs,
        start_seconds: float,
    ) -> None:
        self.pods: list[Pod] = []
        self.events: list[Event] = []
        self.lost_mib = 0.0
        """Audio that went with pods."""
        self._clock = clock
        self._pool = pool
        self._per_node = pool.fit(deployment.resources).per_node
        self._deployment = deployment
        self._costs = costs
        self._start_seconds = start_seconds
        self._made = 0

    def __repr__(self) -> str:
        states = Counter(pod.state.name.lower() for pod in self.pods)
        return f"<Cluster {', '.join(f'{count} {name}' for name, count in states.items())}>"

    @property
    def ready(self) -> list[Pod]:
        """The pods that are given new connections."""
        return [pod for pod in self.pods if pod.state is State.READY]

    def numbered(self, number: int) -> Pod | None:
        """Return the pod of that number, if it is on a node and is to stay there."""
        return next((pod for pod in self.pods if pod.number == number and pod.is_there), None)

    def ask_for(self, replicas: int) -> None:
        """Make pods or end some: those that wait first, then those not ready, then the newest."""
        kept = [pod for pod in self.pods if pod.state is not State.ENDING]
        kept.sort(key=lambda pod: (pod.is_there, pod.state is State.READY, -pod.number))
        for pod in kept[: max(0, len(kept) - replicas)]:
            self._end(pod, self._deployment.grace)
        for _ in range(replicas - len(kept)):
            self._make()
        self._place()

    def note(self, kind: EventKind, pod: Pod) -> None:
        """Write down that something happened to a pod."""
        self.events.append(Event(t=self._clock.now, kind=kind, pod=pod.number, ghosts=pod.ghosts))

    def begin_anew(self, pod: Pod, kind: EventKind) -> None:
        """Kill a pod's container, for that reason, and start another."""
        self.note(kind, pod)
        self._cut(pod)
        pod.begin_anew()
        pod.state = State.STARTING
        killed = kind is EventKind.KILLED
        self._clock.process(self._start(pod, self._deployment.grace if killed else 0))

    def check_memory(self) -> None:
        """Kill what has more memory than its limit; evict where a node has too little."""
        on_node: defaultdict[int, list[tuple[Use, Pod]]] = defaultdict(list)
        for pod in self.pods:
            if pod.node is None:
                continue
            use = self._use(pod)
            if pod.is_there and use.above_limit:
                self.begin_anew(pod, EventKind.OUT_OF_MEMORY)
                use = self._use(pod)
            on_node[pod.node].append((use, pod))
        for there in on_node.values():
            self._relieve(there)

    def _relieve(self, there: Sequence[tuple[Use, Pod]]) -> None:
        pods = {use.name: pod for use, pod in there}
        for use in evictions(self._pool.node, (use for use, _ in there)):
            pod = pods[use.name]
            if pod.state is not State.ENDING:
                self.note(EventKind.EVICTED, pod)
                self._end(pod, 0)
                self._make()
                self._place()

    def _use(self, pod: Pod) -> Use:
        return Use(
            name=str(pod.number),
            resources=self._deployment.resources,
            memory=round(pod.memory(self._clock.now) * MIB),
        )

    def _make(self) -> None:
        self.pods.append(Pod(number=self._made, costs=self._costs))
        self._made += 1

    def _place(self) -> None:
        """Put pods that wait on the nodes that have fewest, as long as there is room."""
        on_node = Counter(pod.node for pod in self.pods)
        for pod in self.pods:
            if pod.state is not State.PENDING:
                continue
            node = min(range(self._pool.nodes), key=lambda each: on_node[each], default=None)
            if node is None or on_node[node] >= self._per_node:
                return
            pod.node, pod.state = node, State.STARTING
            on_node[node] += 1
            self._clock.process(self._start(pod, 0))

    def _start(self, pod: Pod, after: float) -> Generator[simpy.Event, Any, None]:
        container = pod.container
        yield self._clock.timeout(after + self._start_seconds)
        if pod.state is State.STARTING and pod.container == container:
            pod.state = State.READY

    def _end(self, pod: Pod, grace: float) -> None:
        self._cut(pod)
        if pod.node is None or not grace:
            self.pods.remove(pod)
        else:
            pod.state = State.ENDING
            self._clock.process(self._remove(pod, grace))

    def _remove(self, pod: Pod, grace: float) -> Generator[simpy.Event, Any, None]:
        yield self._clock.timeout(grace)
        self.pods.remove(pod)
        self._place()

    def _cut(self, pod: Pod) -> None:
        """Have its devices connect anew."""
        self.lost_mib += pod.unsaved(self._clock.now)
        for connection in pod.connections:
            connection.process.interrupt()
        pod.connections.clear()
