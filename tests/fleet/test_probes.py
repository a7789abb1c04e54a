"""A stall of the event loop becomes a restart only if enough probes in a row fall into it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.probes import Probe
from fleet.quantity import CapacityError
from fleet.values import BEFORE, load_values


def test_the_charts_probes_give_up_after_a_stall_that_begins_with_one_of_them() -> None:
    values = load_values(*BEFORE)
    assert values.readiness.fails_at(0, 60) == 25
    assert values.liveness.fails_at(0, 60) == 45


@pytest.mark.parametrize(
    ("start", "gives_up"), [(0, 45), (1, 55), (9, 55), (9.5, 55), (10, 55), (10.5, 65)], ids=str
)
def test_a_stall_counts_from_the_next_probe_on(start: float, gives_up: float) -> None:
    assert load_values(*BEFORE).liveness.fails_at(start, start + 100) == gives_up


@pytest.mark.parametrize("length", [0.1, 10, 44.9, 45])
@pytest.mark.parametrize("start", [0, 0.5, 5, 9.9, 10])
def test_a_stall_shorter_than_the_failures_take_never_kills(start: float, length: float) -> None:
    assert load_values(*BEFORE).liveness.fails_at(start, start + length) is None


@pytest.mark.parametrize(
    ("start", "killed"), [(0, True), (4, False), (6, False), (8, True), (10, True)], ids=str
)
def test_in_between_it_is_the_probes_phase_that_decides(start: float, killed: bool) -> None:
    assert (load_values(*BEFORE).liveness.fails_at(start, start + 48) is not None) is killed


def test_an_answer_in_the_last_moment_counts() -> None:
    probe = Probe(period=10, timeout=5, failure_threshold=5)
    assert probe.fails_at(0, 45) is None
    assert probe.fails_at(0, 45.001) == 45


def test_a_pod_is_out_of_the_balancer_before_it_is_killed() -> None:
    values = load_values(*BEFORE)
    assert values.readiness.fails_at(0, 40) == 25
    assert values.liveness.fails_at(0, 40) is None


@given(
    probe=st.builds(
        Probe,
        period=st.integers(1, 30),
        timeout=st.integers(1, 40),
        failure_threshold=st.integers(1, 6),
    ),
    start=st.integers(0, 1000),
)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_whatever_its_phase_one_more_period_is_always_enough(probe: Probe, start: int) -> None:
    between = probe.period
    while between < probe.timeout:  # no question is asked while another is open
        between += probe.period
    takes = (probe.failure_threshold - 1) * between + probe.timeout
    assert probe.fails_at(start, start + takes) is None
    gives_up = probe.fails_at(start, start + takes + probe.period)
    assert gives_up is not None
    assert start + takes <= gives_up < start + takes + probe.period
    assert (gives_up - probe.timeout) % probe.period == 0


def test_what_is_left_out_is_kubernetes_default() -> None:
    assert Probe() == Probe(period=10, timeout=1, failure_threshold=3)


@pytest.mark.parametrize("name", ["period", "timeout", "failure_threshold"])
def test_a_figure_below_one_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(CapacityError, match=rf"^{name}: 0 is below 1$"):
        Probe(**{name: 0})
