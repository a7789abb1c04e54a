"""A browser, and a JupyterLab on a copy of the notebooks: the checkout stays as it is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import chromium, open_page
from jupyterlab_driver import jupyterlab
from notebook_form import dumps
from notebook_rules import code_cells
from playwright.sync_api import Browser, Page
from stored_notebooks import FOLDER, PATHS, stored


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = open_page(browser)
    yield opened
    opened.close()


def _beside_data(temporary: pytest.TempPathFactory) -> Path:
    """Return where a folder of notebooks, which is yet to be made, finds ``../data``."""
    root = temporary.mktemp("checkout")
    (root / "data").symlink_to(FOLDER.parent / "data")
    return root / "notebooks"


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebooks, in a folder of the test's."""
    folder = _beside_data(tmp_path_factory)
    shutil.copytree(FOLDER, folder)
    return folder


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that serves copies without outputs: what it shows, it has run."""
    folder = _beside_data(tmp_path_factory)
    for path in PATHS:
        notebook = stored(path)
        for cell in code_cells(notebook):
            cell.update(outputs=[], execution_count=None)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(dumps(notebook), encoding="utf-8")
    with jupyterlab(folder) as address:
        yield address
