"""The exercise of the lifecycle: its reasons name lines, also of code whose source is not kept."""

import pytest
from answer_files import ANSWERS

from ghosts.exercises import Incorrect
from ghosts.exercises.catalogue.the_lifecycle import EXERCISE

WRONG = ANSWERS / "the_lifecycle" / "wrong"


@pytest.mark.slow
def test_a_line_without_its_source_is_named_by_its_number_alone() -> None:
    source = (WRONG / "slow" / "bound_of_155_s.py").read_text(encoding="utf-8")
    namespace: dict[str, object] = {}
    exec(compile(source, "<lost>", "exec"), namespace)
    outcome = EXERCISE.check(namespace["my_lifecycle"])
    assert isinstance(outcome, Incorrect)
    assert "still waited in my_lifecycle, line 12, and private_cloud has" in outcome.reason
    assert outcome.seen["handler"] == "in my_lifecycle, line 12"
