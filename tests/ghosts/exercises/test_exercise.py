"""An exercise shows outcomes, hints, a solution and predictions, and never raises at an answer."""

import re
from pathlib import Path

import pytest
from contrast import LEAST, contrast

from ghosts.exercises import Correct, Exercise, Incorrect, NotAttempted, Question, Requirement
from ghosts.exercises.answers import as_async_function
from ghosts.exercises.prediction import PredictionError
from ghosts.exercises.progress import record_of


def doubled(answer: object) -> Correct | Incorrect:
    if answer == 4:
        return Correct("4 is twice 2", {"gauge": 4})
    seen = {"gauge": answer, "chain": "one\n  two"}
    return Incorrect(f"{answer / 2} is not 2", seen, (Requirement("doubled", False),))


@pytest.fixture
def exercise() -> Exercise:
    return Exercise(
        number=1,
        slug="twice",
        title="Twice",
        minutes=1,
        answer_name="my_number",
        checker=doubled,
        hints=("think", "multiply"),
        solution_code="my_number = 2 * 2",
        why="2 and 2 are 4",
        questions=(
            Question(id="many", text="How many?", unit="ghosts"),
            Question(id="who", text="Who?", choices=("a", "b")),
        ),
    )


def test_the_three_outcomes_say_what_they_are_in_text_and_html(exercise: Exercise) -> None:
    for answer, title in ((4, "Correct"), (3, "Incorrect"), (..., "Not attempted")):
        outcome = exercise.check(answer)
        assert repr(outcome).startswith(f"{title}: ")
        assert title in outcome._repr_html_()
    wrong = exercise.check(3)
    assert repr(wrong).splitlines() == [
        "Incorrect: 1.5 is not 2",
        "  gauge  3",
        "  chain  one",
        "           two",
        "  not met  doubled",
    ]


def test_an_exception_of_an_answer_is_an_incorrect_answer_and_names_no_address(
    exercise: Exercise,
) -> None:
    outcome = exercise.check(object())
    assert isinstance(outcome, Incorrect)
    assert "TypeError" in outcome.reason
    assert "0x" not in outcome.reason


async def _starter(session: object) -> None:
    """With a docstring."""
    ...  # noqa: PIE790 # it is what a starter has


@pytest.mark.parametrize("answer", [..., (..., 1), {"a": 1, "b": ...}, [...], _starter])
def test_a_starter_is_not_attempted_and_does_not_count(exercise: Exercise, answer: object) -> None:
    assert isinstance(exercise.check(answer), NotAttempted)
    assert record_of("twice").state == "not attempted"


def test_hints_come_one_by_one_and_are_then_repeated(exercise: Exercise) -> None:
    shown = [repr(exercise.hint()) for _ in range(4)]
    assert shown[:2] == ["Hint 1 of 2: think", "Hint 2 of 2: multiply"]
    assert shown[2] == shown[3]
    assert "1. think" in shown[2]
    assert record_of("twice").hints == 2


def test_a_solution_is_shown_with_its_reason_and_recorded(exercise: Exercise) -> None:
    assert repr(exercise.solution()) == "A solution: 2 and 2 are 4\n\nmy_number = 2 * 2"
    assert record_of("twice").solution_seen


def test_a_prediction_is_kept_and_shown_beside_what_was_measured(exercise: Exercise) -> None:
    assert repr(exercise.predict("many", ...)).startswith("Before you look: How many?")
    assert repr(exercise.measured("many", 4)).startswith("Not predicted: ")
    exercise.predict("many", 2)
    assert repr(exercise.measured("many", 4)).splitlines() == [
        "Not as predicted: How many?",
        "  predicted  2 ghosts",
        "  measured   4 ghosts",
    ]
    exercise.predict("who", "a")
    assert repr(exercise.measured("who", "a")).startswith("As predicted: ")


@pytest.mark.parametrize(
    ("question", "answer", "words"),
    [
        ("manny", 1, "did you mean 'many'"),
        ("many", "2", "answer with a number (ghosts), not '2'"),
        ("many", True, "answer with a number"),
        ("many", float("nan"), "finite"),
        ("who", "c", "answer with one of 'a', 'b'"),
    ],
)
def test_an_impossible_prediction_is_refused_in_one_line(
    exercise: Exercise, question: str, answer: object, words: str
) -> None:
    with pytest.raises(PredictionError, match=re.escape(words)):
        exercise.predict(question, answer)


def test_all_text_has_contrast_on_a_background_of_its_own(exercise: Exercise) -> None:
    pages = [exercise.check(4), exercise.check(3), exercise.check(), exercise.solution()]
    for page in [*pages, exercise.hint(), exercise.predict("many", 1)]:
        html = page._repr_html_()
        pairs = re.findall(r"background: (#\w{6}); color: (#\w{6})", html)
        assert len(pairs) >= 2
        assert min(contrast(*pair) for pair in pairs) >= LEAST
        cells = re.findall(r"<t[dhr] style=\"([^\"]*)\"", html)
        assert all("background" in cell for cell in cells)


def test_text_of_an_answer_is_no_markup(exercise: Exercise) -> None:
    assert "<script>" not in Incorrect("<script>", {"<script>": "<script>"})._repr_html_()


def test_an_async_function_is_told_from_what_is_none(tmp_path: Path) -> None:
    async def right(session: object) -> None: ...

    assert as_async_function(right, "mine", "session") is right
    for wrong, words in ((1, "a number"), (lambda s: s, "write `async def`"), (None, "None")):
        refused = as_async_function(wrong, "mine", "session")
        assert isinstance(refused, Incorrect)
        assert words in refused.reason
