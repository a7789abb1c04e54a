"""What a connection costs before the fix, after it, and in the version to ship: made by hand."""

import pytest
from small_days import FIXED, INCIDENT, SHIPPED

from fleet.day.costs import Costs


@pytest.fixture(scope="session")
def incident() -> Costs:
    return INCIDENT


@pytest.fixture(scope="session")
def fixed() -> Costs:
    return FIXED


@pytest.fixture(scope="session")
def shipped() -> Costs:
    return SHIPPED
