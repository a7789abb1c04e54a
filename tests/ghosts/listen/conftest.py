"""The three forms in which listen is compared."""

import pytest
from both import FORMS


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=FORMS[1:])
def fixed(request: pytest.FixtureRequest) -> str:
    """The forms that have the fix."""
    return request.param
