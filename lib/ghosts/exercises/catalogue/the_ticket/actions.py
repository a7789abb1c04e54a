"""What can be done about a ticket, and the day that it leads to."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from fleet import SECOND_CUT, decide, load_values
from fleet.day import Plan, Rollout, Trace, simulate
from fleet.targets import Source, Target
from ghosts.evidence import fact
from ghosts.exercises.catalogue.the_ticket.tickets import Ticket, costs, tickets

_HALF_DAY: Final = 12 * 3600
_CPU_TARGET: Final = 70.0
"""Percent of the request: what charts scale on as a rule."""


def _more_nodes(plan: Plan) -> Plan:
    return replace(plan, pool=replace(plan.pool, nodes=2 * plan.pool.nodes))


def _bigger_nodes(plan: Plan) -> Plan:
    node = replace(plan.pool.node, allocatable=plan.pool.node.allocatable * 2)
    return replace(plan, pool=replace(plan.pool, node=node))


def _smaller_requests(plan: Plan) -> Plan:
    resources = load_values(*SECOND_CUT).resources
    return replace(plan, deployment=replace(plan.deployment, resources=resources))


def _higher_maximum(plan: Plan) -> Plan:
    scaling = plan.deployment.scaling
    assert scaling is not None
    scaling = replace(scaling, most=2 * scaling.most)
    return replace(plan, deployment=replace(plan.deployment, scaling=scaling))


def _higher_limit(plan: Plan) -> Plan:
    resources = plan.deployment.resources
    assert resources.memory_limit is not None
    resources = replace(resources, memory_limit=2 * resources.memory_limit)
    return replace(plan, deployment=replace(plan.deployment, resources=resources))


def _nightly_restart(plan: Plan) -> Plan:
    return replace(plan, day=replace(plan.day, rollouts=(Rollout(hour=3),)))


def _scaled_on_cpu(plan: Plan) -> Plan:
    """Keep the pods that an autoscaler on CPU keeps: the record's CPU does not follow ghosts."""
    scaling = plan.deployment.scaling
    assert scaling is not None
    on_cpu = replace(
        scaling, targets=(Target(metric="cpu", source=Source.RESOURCE, value=_CPU_TARGET),)
    )
    percent = 100 * fact("cpu_mean").value / fact("request_cpu").value
    return _fixed(plan, decide(on_cpu, scaling.fewest, percent).replicas)


def _scaled_on_tcp(plan: Plan) -> Plan:
    """Keep the pods that the connections with a device need in the busiest hour."""
    scaling = plan.deployment.scaling
    assert scaling is not None
    return _fixed(plan, scaling.bounded(math.ceil(plan.day.connections / scaling.target)))


def _fixed(plan: Plan, pods: int) -> Plan:
    return replace(plan, deployment=replace(plan.deployment, scaling=None, replicas=pods))


def _bounded_drain(plan: Plan) -> Plan:
    if not plan.costs.blocks_workers:
        return plan
    return replace(plan, costs=replace(costs("supervised"), pod=plan.costs.pod))


def _deadlines(plan: Plan) -> Plan:
    return replace(plan, costs=replace(costs("shipped"), pod=plan.costs.pod))


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do: its name, the day with it, and why it may not help."""

    name: str
    changed: Callable[[Plan], Plan]
    lesson: str


ACTIONS: Final = {
    each.name: each
    for each in (
        Action("more nodes", _more_nodes, "Nodes give pods room, and change nothing in a pod."),
        Action(
            "bigger nodes", _bigger_nodes, "Bigger nodes give pods room, and change nothing in one."
        ),
        Action(
            "smaller requests",
            _smaller_requests,
            "Smaller requests give pods room, and change nothing in a pod.",
        ),
        Action(
            "more pods",
            _higher_maximum,
            "A higher maximum adds pods where the autoscaler desires them and nodes have room. It "
            "ends no ghost, and frees no worker.",
        ),
        Action(
            "more memory",
            _higher_limit,
            "A higher memory limit only lets a pod grow further before it is killed.",
        ),
        Action(
            "restart nightly",
            _nightly_restart,
            "A restart clears what a pod has gathered, and it begins to gather again.",
        ),
        Action(
            "scale on CPU",
            _scaled_on_cpu,
            "CPU follows neither connections nor ghosts: at a seventh of the request the "
            "autoscaler stays at its minimum.",
        ),
        Action(
            "scale on TCP connections",
            _scaled_on_tcp,
            "The autoscaler then counts devices, as it should. It ends no ghost, frees no worker, "
            "and adds no room.",
        ),
        Action(
            "bound the drain",
            _bounded_drain,
            "A bounded drain ends sessions whose device has left, and drops what they have not "
            "uploaded. It frees no worker, and adds no room.",
        ),
        Action(
            "deadline on uploads",
            _deadlines,
            "A deadline frees workers and ends ghosts. It adds no room.",
        ),
    )
}


_SCALED: Final = frozenset(("scale on CPU", "scale on TCP connections"))


def contradiction(actions: frozenset[str]) -> str:
    """Return why actions cannot be taken together; empty if they can."""
    if actions >= _SCALED:
        return f"{' and '.join(sorted(_SCALED))}: the autoscaler reads one of them. Choose one"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a day comes to, in its second half."""

    pending_minutes: int
    most_pending: int
    ghosts: int
    per_pod: float
    """Live connections of a pod, at most."""
    lost_mib: float


@cache
def result(letter: str, actions: frozenset[str]) -> Result:
    """Simulate the day of a ticket with these actions; the second call returns the same."""
    return _result_of(simulate(changed(tickets()[letter].plan, actions)))


def changed(plan: Plan, actions: frozenset[str]) -> Plan:
    """Return a plan with actions, which do not contradict each other."""
    for name in ACTIONS:  # in one order, whatever the order of the answer
        if name in actions:
            plan = ACTIONS[name].changed(plan)
    return plan


def _result_of(trace: Trace) -> Result:
    late = [each for each in trace.samples if each.t >= _HALF_DAY]
    return Result(
        pending_minutes=sum(each.pending > 0 for each in late),
        most_pending=max(each.pending for each in late),
        ghosts=max(each.ghosts for each in late),
        per_pod=max(each.mean_live for each in late),
        lost_mib=late[-1].lost_mib,
    )


_FEW_MINUTES: Final = 30
_FEW_GHOSTS: Final = 25
_OVERLOAD: Final = 4 / 3
"""Of the target: connections of a pod from which on it is overloaded."""


def shortcoming(ticket: Ticket, found: Result) -> str:
    """Return what is still wrong with a day, with its numbers; empty if nothing is."""
    return ", and ".join(_shortcomings(ticket, found))


def _shortcomings(ticket: Ticket, found: Result) -> Iterator[str]:
    if found.pending_minutes > _FEW_MINUTES:
        yield (
            f"up to {found.most_pending} pods are Pending, for {found.pending_minutes} minutes of "
            "its second half"
        )
    if found.ghosts >= _FEW_GHOSTS:
        yield f"there are up to {found.ghosts:,} ghosts"
    if found.per_pod > ticket.target * _OVERLOAD:
        yield (
            f"a pod serves up to {found.per_pod:.0f} connections, where "
            f"{ticket.target * _OVERLOAD:.0f} are the most"
        )
    if found.lost_mib:
        yield f"{found.lost_mib:,.0f} MiB of audio are lost by the end of the day"


def ends_the_ghosts(letter: str, action: str) -> bool:
    """Return whether a day with ghosts has none any more with this action alone."""
    before, after = result(letter, frozenset()), result(letter, frozenset((action,)))
    return before.ghosts >= _FEW_GHOSTS > after.ghosts
