"""Tests have a progress of their own, and leave asyncio as it was."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import answer_files
import pytest

from ghosts.exercises.progress import VARIABLE


@pytest.fixture(autouse=True)
def progress_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the reader's progress, not there yet."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


@pytest.fixture(autouse=True)
def asyncio_as_it_was() -> Iterator[None]:
    """Undo what a lab of exercises 2 and 3 does to asyncio in the whole process."""
    modules = (asyncio, asyncio.events, asyncio.futures, asyncio.tasks)
    before = [{**vars(module)} for module in modules]
    yield
    answer_files.forget()
    for module, names in zip(modules, before, strict=True):
        for name in vars(module).keys() - names.keys():
            delattr(module, name)
        vars(module).update(names)
