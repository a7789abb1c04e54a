"""A browser, and a JupyterLab on a copy of the notebooks: the checkout stays as it is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import PATIENCE, chromium
from jupyterlab_driver import jupyterlab
from playwright.sync_api import Browser, Page
from stored_notebooks import FOLDER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebooks, in a folder of the test's."""
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def lab(copies: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves the copies."""
    with jupyterlab(copies) as address:
        yield address
