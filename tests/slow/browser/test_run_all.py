"""Run All works for a person: each notebook runs to its end in JupyterLab, with its pictures."""

from pathlib import Path

import axe
import pytest
from jupyterlab_driver import Notebook, jupyterlab
from notebook_rules import TALLEST, code_cells
from playwright.sync_api import Page
from stored_notebooks import announced_errors, every_notebook, pictures, stored

OUTPUTS = ".jp-OutputArea-output, .jp-MarkdownOutput"
RULES = ("color-contrast", "image-alt")


@every_notebook
def test_run_all_reaches_the_end_and_shows_pictures_and_no_other_error(
    page: Page, lab: str, path: Path
) -> None:
    expected = stored(path)
    notebook = Notebook(page, lab, str(path), len(code_cells(expected)))
    notebook.run_all(announced_errors(expected))
    assert notebook.errors() == announced_errors(expected)
    assert notebook.counts() == [cell.execution_count for cell in code_cells(expected)]
    assert notebook.dialogs() == []
    shown = notebook.pictures()
    assert len(shown) == pictures(expected)
    assert [picture for picture in shown if not picture.loaded] == []
    assert [picture for picture in shown if not picture.alt] == []
    assert [picture for picture in shown if picture.height > TALLEST] == []
    assert axe.found(page, OUTPUTS, RULES) == []
    notebook.shut_down()


@pytest.mark.parametrize("name", ["03_the_fix.ipynb", "04_lab.ipynb"])
def test_stored_outputs_can_be_read_in_the_dark_theme_too(
    page: Page, copies: Path, name: str
) -> None:
    cells = len(code_cells(stored(Path(name))))
    with jupyterlab(copies, theme="JupyterLab Dark") as address:
        notebook = Notebook(page, address, name, cells)
        assert page.locator("body[data-jp-theme-light=false]").count() == 1
        assert len(notebook.pictures()) == pictures(stored(Path(name)))
        assert axe.found(page, OUTPUTS, RULES) == []
