"""The book as `make book` builds it, and the browser that looks at it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from book_pages import ROOT
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a newly built book."""
    folder = tmp_path_factory.mktemp("book") / "book"
    build = ["make", "--no-print-directory", "book", f"BOOK={folder}"]
    run = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "these tests need Chromium on the PATH: apt install chromium on Debian"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()
