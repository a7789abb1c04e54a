"""Each exercise has a notebook, and a right answer in it is accepted there."""

import json
from pathlib import Path

import pytest
from answer_files import answer_files
from copy_exercises import copy_exercises
from nbformat import NotebookNode
from notebook_form import read
from refresh_notebooks import run

from ghosts.config import GHOST_AFTER
from ghosts.exercises import Exercise, exercises
from ghosts.exercises.catalogue.nothing_lost.calls import HURRIED
from ghosts.exercises.catalogue.nothing_lost.case import ROOM, SLOW_SECONDS

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks" / "exercises"


def notebook_of(exercise: Exercise) -> Path:
    return NOTEBOOKS / f"{exercise.number:02}_{exercise.slug}.ipynb"


every_exercise = pytest.mark.parametrize("exercise", exercises(), ids=lambda each: each.slug)


def starter(page: NotebookNode) -> NotebookNode:
    (cell,) = [cell for cell in page.cells if "answer" in cell.metadata.get("tags", ())]
    return cell


@every_exercise
def test_its_notebook_has_one_starter_and_its_check_was_not_attempted(exercise: Exercise) -> None:
    page = read(notebook_of(exercise))
    assert exercise.answer_name in starter(page).source
    (check,) = [c for c in page.cells if c.source.startswith("exercise.check(")]
    assert check.outputs[0].data["text/plain"].startswith("Not attempted: ")


@every_exercise
def test_its_notebook_has_its_title_and_a_cell_for_hints(exercise: Exercise) -> None:
    page = read(notebook_of(exercise))
    assert page.cells[0].source.splitlines()[0] == f"# {exercise.number}. {exercise.title}"
    sources = [cell.source for cell in page.cells]
    assert "# exercise.hint()\n# exercise.solution()" in sources


def test_numbers_are_in_order_and_name_the_notebooks() -> None:
    numbers = [each.number for each in exercises()]
    assert numbers == sorted(set(numbers))
    named = {notebook_of(each).name for each in exercises()}
    assert {path.name for path in NOTEBOOKS.glob("*.ipynb")} == {"00_exercises.ipynb", *named}


@pytest.mark.slow
@every_exercise
def test_a_right_answer_in_its_notebook_is_accepted(
    exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = answer_files(exercise.slug, "right")
    page = read(notebook_of(exercise))
    starter(page).source = answers[0].read_text(encoding="utf-8")
    monkeypatch.setenv("GHOSTS_PROGRESS", str(tmp_path / "progress.json"))
    solved = run(page, tmp_path)
    (check,) = [c for c in solved.cells if c.source.startswith("exercise.check(")]
    assert check.outputs[-1].data["text/plain"].startswith("Correct: ")
    kept = json.loads((tmp_path / "progress.json").read_text())
    assert {slug: record["state"] for slug, record in kept.items()} == {exercise.slug: "solved"}


def test_copies_have_no_outputs_and_are_never_overwritten(tmp_path: Path) -> None:
    copied, kept = copy_exercises(NOTEBOOKS, tmp_path / "mine")
    assert copied == len(list(NOTEBOOKS.glob("*.ipynb")))
    assert kept == 0
    mine = tmp_path / "mine" / "04_the_lifecycle.ipynb"
    assert all(not cell.get("outputs") for cell in read(mine).cells)
    mine.write_text("mine")
    assert copy_exercises(NOTEBOOKS, tmp_path / "mine") == (0, copied)
    assert mine.read_text() == "mine"


def test_exercise_5_states_the_limits_that_its_judge_applies() -> None:
    page = read(NOTEBOOKS / "05_nothing_lost.ipynb")
    text = " ".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    assert f"`deadline` is above {SLOW_SECONDS:.0f}, and at most {GHOST_AFTER:.0f}" in text
    assert (
        f"`max_bytes` of a `Spool` is `2**{ROOM.bit_length() - 1}` ({ROOM >> 20} MiB) or more"
        in text
    )
    assert f"{HURRIED[0]} failures with the same audio within {HURRIED[1]} s" in text
