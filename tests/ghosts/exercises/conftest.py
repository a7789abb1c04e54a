"""Tests have a progress of their own."""

from pathlib import Path

import pytest

from ghosts.exercises.progress import VARIABLE


@pytest.fixture(autouse=True)
def progress_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the reader's progress, not there yet."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv(VARIABLE, str(path))
    return path
