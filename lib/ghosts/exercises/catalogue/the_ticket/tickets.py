"""Four tickets: days of a quarter of the incident's fleet, each at the minute of its ticket."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Final

from fleet import BEFORE, load_pool, load_values
from fleet.day import Costs, Plan, Sample, Trace, load_day, simulate
from ghosts.config import STORAGE_WORKERS
from ghosts.errors import GhostsError, unknown
from ghosts.evidence import InspectedPod, Kind, fact
from ghosts.jupyter import boxes
from ghosts.paths import DATA
from ghosts.records.recording import Recording

NODES: Final = 3
FEWEST_PODS: Final = 5
MOST_PODS: Final = 10
MEASUREMENTS: Final = (
    "TCP connections",
    "blocked workers",
    "memory",
    "CPU",
    "Pending pods",
    "desired pods",
)
"""What a ticket can be measured by."""
_PENDING: Final = (
    "Pods are Pending, the autoscaler is at its maximum, and memory is high. We need more nodes."
)


class TicketError(GhostsError):
    """There is no such measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket about a fleet, and the day behind it."""

    letter: str
    complaint: str
    truth: str
    """The diagnosis that is right."""
    decides: str
    """The measurement that shows it."""
    plan: Plan
    hour: float
    """Of the day, at which the ticket is written."""

    def __repr__(self) -> str:
        rows = boxes.plain_table(self._rows())
        return "\n".join([boxes.plain(f"Ticket {self.letter}: {self.complaint}"), *rows])

    def _repr_html_(self) -> str:
        body = (boxes.paragraph(self.complaint), boxes.table((), self._rows()))
        return boxes.box(boxes.BLUE, f"Ticket {self.letter}", *body)

    @property
    def trace(self) -> Trace:
        """The day as it is, without any action."""
        return day_of(self.letter)

    @property
    def sample(self) -> Sample:
        """The fleet at the minute of the ticket."""
        return self.trace.at(self.hour)

    @property
    def target(self) -> float:
        """Connections of a pod that the autoscaler aims at."""
        assert self.plan.deployment.scaling is not None
        return self.plan.deployment.scaling.target

    @property
    def room(self) -> int:
        """Pods that fit the nodes."""
        return self.plan.pool.fit(self.plan.deployment.resources).pods

    @property
    def needed(self) -> int:
        """Pods that the connections with a device need at the minute of the ticket."""
        return -(-self.sample.live // round(self.target))

    def measure(self, name: str) -> str:
        """Return a measurement at the minute of the ticket, in words.

        Raises:
            TicketError: there is no such measurement.
        """
        now = self.sample
        worn = sum(pod.blocked >= STORAGE_WORKERS for pod in now.pods)
        match name:
            case "TCP connections":
                return f"{now.mean_live:.1f} a pod; the gauge reads {now.mean_gauge:.1f}"
            case "blocked workers":
                return f"all {STORAGE_WORKERS} in {worn} of {now.running} pods"
            case "memory":
                each = ", ".join(f"{pod.mib:,.0f}" for pod in now.pods)
                return f"{each} MiB"
            case "CPU":
                mean, request = fact("cpu_mean").value, fact("request_cpu").value
                return f"{mean:g} of {request:g} millicores a pod"
            case "Pending pods":
                return f"{now.pending}"
            case "desired pods":
                return f"{now.desired} of {MOST_PODS} at most"
        raise TicketError(unknown("measurement", str(name), MEASUREMENTS))

    def _rows(self) -> list[tuple[str, str]]:
        now = self.sample
        largest = now.largest
        assert largest is not None
        return [
            (
                "pods",
                f"{now.running} Running, {now.pending} Pending; {self.measure('desired pods')}",
            ),
            ("gauge", f"{now.mean_gauge:.1f} connections a pod; the target is {self.target:g}"),
            ("memory", f"{largest.mib:,.0f} MiB in the largest pod"),
            ("CPU", self.measure("CPU")),
        ]


def at_their_minutes() -> tuple[InspectedPod, ...]:
    """Return the fleets of the tickets at their minutes, as if each were one pod, for a picture."""
    return tuple(
        InspectedPod(
            pod=f"ticket {each.letter}",
            date=fact("gauge_per_pod").date or dt.date.min,
            gauge=each.sample.gauge,
            tcp=each.sample.live,
            memory_mib=None,
            kind=Kind.INFERRED,
            source="the fleet model",
        )
        for each in tickets().values()
    )


@cache
def costs(lifecycle: str) -> Costs:
    """Return what a connection costs, as measured in the full replay of a lifecycle."""
    path = DATA / "recordings" / f"production_full_{lifecycle}.json"
    return Costs.measured(Recording.load(path))


@cache
def tickets() -> Mapping[str, Ticket]:
    """Return the tickets by their letters."""
    return MappingProxyType({each.letter: each for each in _tickets()})


@cache
def day_of(letter: str) -> Trace:
    """Simulate the day of a ticket; the second call returns the same trace."""
    return simulate(tickets()[letter].plan)


def _tickets() -> tuple[Ticket, ...]:
    leaking = _leaking()
    day = leaking.day
    # A cache in each pod: its memory is as high as that of pods with ghosts.
    large = replace(leaking.costs, pod=1_400.0)
    too_few = replace(leaking, day=replace(day, share=0.0, connections=300), costs=large)
    both = replace(leaking, day=replace(day, connections=230, share=0.0018))
    return (
        _pending("A", "capacity", too_few),
        _pending("B", "ghosts", leaking),
        _pending("C", "both", both, hour=12),
        Ticket(
            letter="D",
            complaint="Recordings of more and more users are missing, and memory grows. Sessions "
            "have a bounded drain since last week. We need more pods.",
            truth="blocked workers",
            decides="blocked workers",
            plan=replace(leaking, costs=costs("supervised")),
            hour=14,
        ),
    )


def _pending(letter: str, truth: str, plan: Plan, hour: float = 14) -> Ticket:
    """Return one of the tickets that read the same; the TCP connections tell them apart."""
    return Ticket(
        letter=letter,
        complaint=_PENDING,
        truth=truth,
        decides="TCP connections",
        plan=plan,
        hour=hour,
    )


def _leaking() -> Plan:
    """Return a day of the fleet before the fix, some of whose uploads hang."""
    deployment = load_values(*BEFORE)
    assert deployment.scaling is not None
    scaling = replace(deployment.scaling, fewest=FEWEST_PODS, most=MOST_PODS)
    return Plan(
        day=replace(load_day("undisturbed"), name="ticket", connections=129, share=0.0035),
        deployment=replace(deployment, scaling=scaling),
        pool=replace(load_pool(), nodes=NODES),
        costs=costs("gather_all"),
    )
