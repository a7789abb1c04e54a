"""More random mixes of tasks and cancellations than in `tests/async_tasks/test_properties.py`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import Simulation
from test_properties import OURS, RANDOM


@pytest.mark.parametrize("name", OURS)
@settings(RANDOM, max_examples=500)
@given(data=st.data())
def test_a_utility_keeps_its_promises(name, data):
    plans, promises_broken, utility = OURS[name]
    assert promises_broken(Simulation(), data.draw(plans), utility) == set()
