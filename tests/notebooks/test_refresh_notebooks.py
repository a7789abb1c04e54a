"""``make notebooks``: fresh outputs, one stored form, and no file touched by a run that fails."""

import json
from pathlib import Path

import nbformat
import pytest
import refresh_notebooks
from nbformat import NotebookNode
from notebook_form import dumps, normalise, read
from synthetic import code, error, markdown, notebook, stdout


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(refresh_notebooks, "NOTEBOOKS", tmp_path)
    return tmp_path


def edited() -> NotebookNode:
    """A notebook as an editor leaves it: run twice, with times, ids missing or repeated."""
    page = notebook(
        markdown("# One"),
        code("x = 1\nprint(x)", 7, stdout("stale\n"), execution={"iopub.execute_input": "now"}),
        code("x + 1", None, tags=["hide"]),
        code("# NBVAL_RAISES_EXCEPTION\n1 / 0", 3),
        code("", None),
    )
    page.metadata = nbformat.from_dict({"kernelspec": {"name": "mine"}, "widgets": {}})
    page.cells[1].metadata = nbformat.from_dict({"execution": {"iopub.execute_input": "now"}})
    page.cells[2].id = page.cells[1].id
    del page.cells[3]["id"]
    return page


def test_a_refreshed_notebook_has_fresh_outputs_and_the_stored_form(folder: Path) -> None:
    (folder / "01_one.ipynb").write_text(json.dumps(edited()))
    assert refresh_notebooks.main([]) == 0
    page = read(folder / "01_one.ipynb")
    assert [cell.get("execution_count") for cell in page.cells] == [None, 1, 2, 3, None]
    assert page.cells[1].outputs == [stdout("1\n")]
    assert page.cells[2].outputs[0].data == {"text/plain": "2"}
    assert (
        page.cells[3].outputs
        == normalise(notebook(code("", 3, error("ZeroDivisionError", "division by zero"))))
        .cells[0]
        .outputs
    )
    assert page.metadata.kernelspec.name == "python3"
    assert [cell.metadata for cell in page.cells] == [{}, {}, {"tags": ["hide"]}, {}, {}]


@pytest.mark.slow
def test_refreshing_again_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "01_one.ipynb"
    path.write_text(json.dumps(edited()))
    refresh_notebooks.main([])
    first = path.read_text()
    capsys.readouterr()
    refresh_notebooks.main(["01"])
    assert path.read_text() == first
    assert capsys.readouterr().out == "01_one unchanged\n"


@pytest.mark.slow
def test_a_notebook_whose_cell_fails_is_left_as_it_was_and_the_others_are_refreshed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = dumps(notebook(code("1 / 0", 1, stdout("as it was"))))
    (folder / "01_broken.ipynb").write_text(broken)
    (folder / "02_right.ipynb").write_text(dumps(notebook(code("1 + 1", None))))
    assert refresh_notebooks.main([]) == 1
    assert (folder / "01_broken.ipynb").read_text() == broken
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert read(folder / "02_right.ipynb").cells[0].execution_count == 1


def test_names_choose_notebooks_and_an_unknown_one_is_said(folder: Path) -> None:
    for stem in ("01_one", "02_two", "03_three"):
        (folder / f"{stem}.ipynb").write_text("{}")
    chosen = refresh_notebooks.chosen(["03", "01_one"])
    assert [path.stem for path in chosen] == ["01_one", "03_three"]
    assert len(refresh_notebooks.chosen([])) == 3
    with pytest.raises(SystemExit, match="no notebook is named 09"):
        refresh_notebooks.chosen(["09"])


def test_ids_that_are_there_stay_and_the_rest_are_always_the_same() -> None:
    page = edited()
    ids = [cell.id for cell in normalise(page).cells]
    assert len(set(ids)) == len(ids)
    assert ids[:2] == [cell.id for cell in page.cells[:2]]
    assert ids == [cell.id for cell in normalise(page).cells]


def test_a_stored_traceback_shows_no_path() -> None:
    page = notebook(code("1 / 0", 1, error("ZeroDivisionError", "division by zero")))
    assert page.cells[0].outputs[0].traceback == ["ZeroDivisionError: division by zero"]
