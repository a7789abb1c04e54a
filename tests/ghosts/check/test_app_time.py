"""The clocks of a service, and its waits in threads, follow simulated time."""

import pytest
from checked import check, said

pytestmark = pytest.mark.usefixtures("quick")

CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "now", "loop")


@pytest.mark.parametrize(
    ("service", "seconds"),
    [("sleeps", 100), ("sleeps_in_a_thread", 70), ("sleeps_in_the_loop", 5)],
)
def test_every_clock_shows_the_simulated_time_that_a_sleep_takes(
    service: str, seconds: int
) -> None:
    report = check(f"clocks:{service}", frames=())
    assert said(report) == [f"{name} {seconds}" for name in CLOCKS]
    assert report.findings == ()


@pytest.mark.slow
def test_a_time_limit_of_a_socket_in_a_thread_ends_its_read_within_simulated_seconds() -> None:
    """How many depends on the machine: the limit of 5 s is kept in real time, shortened."""
    report = check("clocks:limited", frames=())
    took = [float(seconds) for seconds in said(report)]
    assert took
    assert max(took) < 60
    assert report.findings == ()
