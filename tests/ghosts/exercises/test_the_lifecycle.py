"""The exercise of the lifecycle: code whose source is not kept, and notebooks full of objects."""

import pytest
from answer_files import ANSWERS, answer_of

from ghosts.exercises import Correct, Incorrect
from ghosts.exercises.catalogue.the_lifecycle import EXERCISE

FILES = ANSWERS / "the_lifecycle"


@pytest.mark.slow
def test_a_line_without_its_source_is_named_by_its_number_alone() -> None:
    source = (FILES / "wrong" / "slow" / "bound_of_155_s.py").read_text(encoding="utf-8")
    namespace: dict[str, object] = {}
    exec(compile(source, "<lost>", "exec"), namespace)
    outcome = EXERCISE.check(namespace["my_lifecycle"])
    assert isinstance(outcome, Incorrect)
    assert "still waited in my_lifecycle, line 12, and private_cloud has" in outcome.reason
    assert outcome.seen["handler"] == "in my_lifecycle, line 12"


@pytest.mark.slow
def test_a_check_does_not_search_the_objects_of_the_notebook_at_each_sample() -> None:
    # Each sample collects garbage, as ended sessions are in memory: hundreds of times in a check,
    # which is stopped when it computes for too long.
    of_the_notebook = [[number] for number in range(2_000_000)]
    right = FILES / "right" / "slow" / "keeps_its_sessions.py"
    outcome = EXERCISE.check(answer_of(right, EXERCISE))
    assert isinstance(outcome, Correct), (outcome, len(of_the_notebook))
