"""The exercise of the await: what it shows before it is solved does not give the answer away."""

import pytest

from ghosts.exercises import Incorrect
from ghosts.exercises.catalogue.the_await import EXERCISE, hung_pod, plot


@pytest.mark.slow
@pytest.mark.parametrize(("task", "shown"), [("handler", False), ("transcripts", True)])
def test_the_tasks_that_remain_are_shown_once_the_task_is_right(task: str, shown: bool) -> None:
    outcome = EXERCISE.check({"task": task, "backend": "storage", "line": "await waiter"})
    assert isinstance(outcome, Incorrect)
    assert ("4 minutes later" in outcome.seen) is shown


@pytest.mark.slow
def test_the_picture_names_no_fault() -> None:
    with hung_pod() as lab:
        assert "trickles" in lab.plot().alt
        assert "trickles" not in plot(lab).alt
