"""Each exercise, answered in three ways: not at all, wrong in each known way, and right."""

from pathlib import Path

import pytest
from answer_files import answer_files, answer_in, answer_of, expected_reason, marks

from ghosts.exercises import Correct, Exercise, Incorrect, NotAttempted, exercises

EXERCISES = exercises()
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.slug)


def files(kind: str) -> list[object]:
    return [
        pytest.param(exercise, path, id=f"{exercise.slug}-{path.stem}", marks=marks(path))
        for exercise in EXERCISES
        for path in answer_files(exercise.slug, kind)
    ]


@every_exercise
def test_without_an_answer_it_is_not_attempted(exercise: Exercise) -> None:
    assert isinstance(exercise.check(), NotAttempted)
    assert isinstance(exercise.check(...), NotAttempted)


@pytest.mark.parametrize(("exercise", "path"), files("right"))
def test_a_right_answer_is_accepted(exercise: Exercise, path: Path) -> None:
    outcome = exercise.check(answer_of(path, exercise))
    assert isinstance(outcome, Correct), outcome


@pytest.mark.parametrize(("exercise", "path"), files("wrong"))
def test_a_wrong_answer_is_refused_with_its_own_reason(exercise: Exercise, path: Path) -> None:
    outcome = exercise.check(answer_of(path, exercise))
    assert isinstance(outcome, Incorrect), outcome
    assert expected_reason(path) in " ".join(outcome.reason.split())
    others = {expected_reason(other) for other in answer_files(exercise.slug, "wrong")}
    wrong = [words for words in others - {expected_reason(path)} if words in outcome.reason]
    assert wrong == [], "the reason is that of another mistake as well"


@every_exercise
def test_nonsense_is_refused_without_a_traceback(exercise: Exercise) -> None:
    for nonsense in (None, 0, "", "x", [], {}, object, len, lambda: None, exercise):
        outcome = exercise.check(nonsense)
        assert isinstance(outcome, Incorrect), (nonsense, outcome)
        assert "raised" not in outcome.reason


@every_exercise
def test_its_solution_is_right(exercise: Exercise) -> None:
    answer = answer_in(exercise.solution_code, exercise)
    outcome = exercise.check(answer)
    assert isinstance(outcome, Correct), outcome


@every_exercise
def test_it_has_answers_of_both_kinds(exercise: Exercise) -> None:
    assert len(answer_files(exercise.slug, "right")) >= 2
    assert len(answer_files(exercise.slug, "wrong")) >= 3
