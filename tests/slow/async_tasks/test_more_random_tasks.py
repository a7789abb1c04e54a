"""More random mixes of tasks and cancellations than in `tests/async_tasks/test_properties.py`."""

import pytest
from drain_property import DRAIN_PLANS, promises_broken_by_drain
from gather_property import GATHER_PLANS, our_gather, promises_broken_by_gather
from handler_property import SESSION_PLANS, promises_broken_by_handler, scoped_handler
from handlers import safe_handler
from hypothesis import given, settings
from hypothesis import strategies as st
from poller_property import (
    POLLER_PLANS,
    SLEEP_PLANS,
    promises_broken_by_poller,
    promises_broken_by_sleep,
)
from simulated import Simulation
from supervise_property import SUPERVISE_PLANS, promises_broken_by_supervise
from test_properties import RANDOM

from async_tasks import drain_tasks, poll, sleep_until_shutdown, supervise_tasks

PROPERTIES = {
    "drain": (DRAIN_PLANS, promises_broken_by_drain, drain_tasks),
    "supervise": (SUPERVISE_PLANS, promises_broken_by_supervise, supervise_tasks),
    "safe handler": (SESSION_PLANS, promises_broken_by_handler, safe_handler),
    "scoped handler": (SESSION_PLANS, promises_broken_by_handler, scoped_handler),
    "gather": (GATHER_PLANS, promises_broken_by_gather, our_gather),
    "poll": (POLLER_PLANS, promises_broken_by_poller, poll),
    "sleep": (SLEEP_PLANS, promises_broken_by_sleep, sleep_until_shutdown),
}


@pytest.mark.parametrize("name", PROPERTIES)
@settings(RANDOM, max_examples=500)
@given(data=st.data())
def test_a_utility_keeps_its_promises(name, data):
    plans, promises_broken, utility = PROPERTIES[name]
    assert promises_broken(Simulation(), data.draw(plans), utility) == set()
