"""A figure of a metric is read as people write it."""

import pytest

from fleet.quantity import MIB, CapacityError
from fleet.targets import Source, Target

CPU = Target(metric="cpu", value=80, source=Source.RESOURCE, utilization=True)
MEMORY = Target(metric="memory", value=512 * MIB, source=Source.RESOURCE)
REQUESTS = Target(metric="rps", value=0.5)


@pytest.mark.parametrize(
    ("target", "figure", "value"),
    [
        (CPU, "95", 95),
        (CPU, "95.5%", 95.5),
        (MEMORY, "600Mi", 600 * MIB),
        (MEMORY, "629145600", 600 * MIB),
        (REQUESTS, "29041m", 29.041),
        (REQUESTS, "1k", 1000),
        (REQUESTS, 2.5, 2.5),
    ],
)
def test_a_figure_is_per_cent_of_a_utilization_and_a_quantity_otherwise(
    target: Target, figure: str | float, value: float
) -> None:
    assert target.read(figure) == value


@pytest.mark.parametrize(
    ("target", "figure", "complaint"),
    [
        (REQUESTS, "many", r"^'many' is no quantity"),
        (REQUESTS, "95%", r"^'95%' is no quantity"),
        (REQUESTS, "-1", r"^a metric of -1: should be 0 or more$"),
        (REQUESTS, "nan", r"^a metric of nan: should be 0 or more$"),
        (REQUESTS, "2G", r"^a mean of 2e\+09: should be 1,000,000,000 at most$"),
        (MEMORY, "1e300", r"^a mean of 1e\+300: should be 9,223,372,036,854,775,807 at most$"),
    ],
)
def test_a_figure_that_no_metric_has_is_refused(
    target: Target, figure: str, complaint: str
) -> None:
    with pytest.raises(CapacityError, match=complaint):
        target.read(figure)


def test_a_target_is_shown_in_its_unit() -> None:
    cores = Target(metric="app/cpu", value=0.5, source=Source.CONTAINER)
    shown = [str(each) for each in (CPU, cores, MEMORY, REQUESTS)]
    assert shown == ["80%", "500m", "512Mi", "0.5"]
