"""What the utilities promise, held against random mixes of tasks and cancellations.

A property returns the promises that one plan breaks: none for the utilities. For the
straightforward form hypothesis finds a plan that breaks them, so the properties can fail.
"""

import pytest
from drain_property import (
    DRAIN_PLANS,
    DrainPlan,
    promises_broken_by_drain,
    straightforward_drain,
)
from gather_property import (
    GATHER_PLANS,
    our_gather,
    promises_broken_by_gather,
    straightforward_gather,
)
from handler_property import (
    SESSION_PLANS,
    promises_broken_by_handler,
    scoped_handler,
    straightforward_handler,
)
from handlers import handler_that_hides_its_ghosts, safe_handler
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from poller_property import (
    POLLER_PLANS,
    SLEEP_PLANS,
    promises_broken_by_poller,
    promises_broken_by_sleep,
    straightforward_poll,
)
from random_tasks import Moment, TaskPlan, WhenCancelled
from supervise_property import (
    SUPERVISE_PLANS,
    promises_broken_by_supervise,
    straightforward_supervise,
)

from async_tasks import drain_tasks, poll, sleep_until_shutdown, supervise_tasks

RANDOM = settings(
    max_examples=50,  # `tests/slow` draws 500
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),  # each run starts a simulation of its own
)
FIRST = settings(RANDOM, max_examples=1000, phases=[Phase.generate])


CHILD_IN_ITS_OWN_LIMIT_AT_THE_BOUND = DrainPlan(
    tasks=(
        TaskPlan(
            works=None,
            when_cancelled=WhenCancelled.FLUSHES,
            tail=1.0,
            children=(TaskPlan(works=None, limit=1.0),),
        ),
    ),
    starts=Moment(0.0),
    timeout=1.0,
    cancel=True,
    cancel_timeout=None,
    cancelled=(),
    forgets_the_done=False,
    holds_its_caller=False,
)


OURS = {
    "drain": (DRAIN_PLANS, promises_broken_by_drain, drain_tasks),
    "supervise": (SUPERVISE_PLANS, promises_broken_by_supervise, supervise_tasks),
    "safe handler": (SESSION_PLANS, promises_broken_by_handler, safe_handler),
    "scoped handler": (SESSION_PLANS, promises_broken_by_handler, scoped_handler),
    "gather": (GATHER_PLANS, promises_broken_by_gather, our_gather),
    "poll": (POLLER_PLANS, promises_broken_by_poller, poll),
    "sleep": (SLEEP_PLANS, promises_broken_by_sleep, sleep_until_shutdown),
}


@pytest.mark.parametrize("name", OURS)
@RANDOM
@given(data=st.data())
def test_a_utility_keeps_its_promises(simulation, name, data):
    plans, promises_broken, utility = OURS[name]
    assert promises_broken(simulation, data.draw(plans), utility) == set()


def test_a_drain_keeps_its_promises_with_a_child_that_ends_at_the_bound(simulation):
    plan = CHILD_IN_ITS_OWN_LIMIT_AT_THE_BOUND
    assert promises_broken_by_drain(simulation, plan, drain_tasks) == set()


STRAIGHTFORWARD = {
    "drain": (DRAIN_PLANS, promises_broken_by_drain, straightforward_drain),
    "supervise": (SUPERVISE_PLANS, promises_broken_by_supervise, straightforward_supervise),
    "handler": (SESSION_PLANS, promises_broken_by_handler, straightforward_handler),
    "hiding handler": (SESSION_PLANS, promises_broken_by_handler, handler_that_hides_its_ghosts),
    "gather": (GATHER_PLANS, promises_broken_by_gather, straightforward_gather),
    "poll": (POLLER_PLANS, promises_broken_by_poller, straightforward_poll),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "promise"),
    [
        ("drain", "ends within its bound"),
        ("drain", "cancels each task once"),
        ("drain", "loses no cancellation"),
        ("drain", "names each task once"),
        ("drain", "leaves no task unasked"),
        ("drain", "logs each crash once"),
        ("drain", "retrieves every exception"),
        ("supervise", "returns at the first end"),
        ("supervise", "names the reason that takes precedence"),
        ("supervise", "retrieves every exception"),
        ("handler", "pairs the gauge"),
        ("handler", "ends within its bound"),
        ("hiding handler", "counts the session until it is drained"),
        ("gather", "ends within its bound when cancelled"),
        ("gather", "closes every item"),
        ("gather", "gives each item its own outcome"),
        ("gather", "ends a chunk before the next"),
        ("poll", "ends with one last poll"),
    ],
)
def test_the_straightforward_form_breaks_the_promise(simulation, name, promise):
    plans, promises_broken, form = STRAIGHTFORWARD[name]
    assert find(
        plans, lambda plan: promise in promises_broken(simulation, plan, form), settings=FIRST
    )
