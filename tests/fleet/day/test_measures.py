"""A day simulates the metrics of which it has figures, and refuses the others by name."""

from dataclasses import replace

import pytest
from small_days import QUIET, WEARING, deployment, plan, scaled, trace

from fleet.day.costs import Costs
from fleet.day.trace import Trace
from fleet.quantity import MIB, CapacityError
from fleet.targets import Source, Target

MEMORY = Target(metric="memory", value=600 * MIB, source=Source.RESOURCE)
CPU = Target(metric="cpu", value=80, source=Source.RESOURCE, utilization=True)


def test_pods_that_are_not_scaled_stay_as_many(incident: Costs) -> None:
    fixed = deployment(pods=3)
    day = trace(incident, WEARING, fixed)
    assert {sample.desired for sample in day.samples} == {3}


@pytest.fixture(scope="module")
def by_memory(incident: Costs) -> Trace:
    return trace(incident, WEARING, scaled(MEMORY, most=6), nodes=4)


def test_ghosts_scale_pods_out_by_the_memory_that_they_keep(by_memory: Trace) -> None:
    """4 pods of 450 MiB and their connections, before the workers are blocked."""
    assert by_memory.at(2).desired == 4
    assert by_memory.most_desired > 4


def test_a_utilization_of_memory_is_of_what_the_pods_request(
    incident: Costs, by_memory: Trace
) -> None:
    percent = 100 * MEMORY.value / deployment().resources.requests.memory
    share = replace(MEMORY, value=percent, utilization=True)
    day = trace(incident, WEARING, scaled(share, most=6), nodes=4)
    # Cut to a whole number of per cent, a share is acted on somewhat later.
    assert abs(day.most_desired - by_memory.most_desired) <= 1


def test_of_connections_and_memory_the_larger_decides(incident: Costs, by_memory: Trace) -> None:
    few = Target(metric="activeConnectionsPerPod", value=1000)
    day = trace(incident, WEARING, scaled(few, MEMORY, most=6), nodes=4)
    assert [each.desired for each in day.samples] == [each.desired for each in by_memory.samples]


@pytest.mark.parametrize(
    "target", [CPU, Target(metric="depth", value=5, source=Source.EXTERNAL)], ids=str
)
def test_a_metric_that_a_day_does_not_have_is_refused_by_its_name(
    incident: Costs, target: Target
) -> None:
    with pytest.raises(CapacityError, match=rf"^scaled by {target.metric}: a simulated day has no"):
        plan(incident, QUIET, scaled(target, most=6))
