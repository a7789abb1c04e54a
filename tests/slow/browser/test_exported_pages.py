"""`jupyter nbconvert --execute` runs each notebook to its end, and its page can be read by all."""

import subprocess
import sys
from pathlib import Path

import axe
from jupyterlab_driver import loaded_pictures
from notebook_rules import TALLEST
from playwright.sync_api import Page
from stored_notebooks import announced_errors, every_notebook, pictures, stored

OUTPUTS = ".jp-OutputArea-output, .jp-MarkdownOutput"
RULES = ("color-contrast", "image-alt")


@every_notebook
def test_nbconvert_runs_it_and_its_page_has_pictures_with_texts_and_the_announced_errors(
    page: Page, copies: Path, path: Path
) -> None:
    expected = stored(path)
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", copies / path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "Alternative text is missing" not in run.stderr
    page.goto((copies / path).with_suffix(".html").as_uri())
    shown = loaded_pictures(page.locator(".jp-OutputArea-output img"))
    assert len(shown) == pictures(expected)
    for picture in shown:
        assert picture.loaded
        assert any(letter.isdigit() for letter in picture.alt), picture.alt
        assert picture.height <= TALLEST
    errors = page.locator('.jp-OutputArea-output[data-mime-type$="vnd.jupyter.stderr"]')
    assert errors.count() == len(announced_errors(expected))
    assert axe.found(page, OUTPUTS, RULES) == []
