"""Every stored notebook is one that nbval compares strictly, and whose figures have a source."""

import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from notebook_form import dumps, normalise, read, stored_notebooks
from notebook_rules import RULES, Rule, code_cells
from prose_numbers import ALLOWED, in_files, in_modules, unsupported
from refresh_notebooks import name_of

from ghosts import config
from ghosts.protocol import FrameType

ROOT = Path(__file__).resolve().parents[2]
PATHS = stored_notebooks(ROOT / "notebooks")
STORY = [
    "00_start_here",
    "01_the_evidence",
    "02_the_ghosts",
    "03_the_fix",
    "04_lab",
    "05_async_tasks",
    "06_how_the_fix_grew",
    "07_nothing_lost",
    "08_the_listen_side",
    "09_capacity",
    "10_your_service",
    "11_postmortem",
    "12_scrub",
]
"""Every notebook there is, so that none goes missing; a new one is added here."""
EXERCISES = [
    "exercises/00_exercises",
    "exercises/01_the_evidence",
    "exercises/02_the_await",
    "exercises/03_the_holders",
    "exercises/04_the_lifecycle",
    "exercises/05_nothing_lost",
    "exercises/06_the_alert",
    "exercises/07_the_finding",
    "exercises/08_the_ticket",
    "exercises/09_checkpoint",
]
"""The same for the exercises."""

every_notebook = pytest.mark.parametrize("path", PATHS, ids=name_of)


def test_the_story_and_the_exercises_are_complete() -> None:
    assert [name_of(path) for path in PATHS] == [*STORY, *EXERCISES]


def test_no_notebook_is_in_another_folder() -> None:
    of_a_reader = {"my_exercises", ".ipynb_checkpoints"}
    on_disk = (ROOT / "notebooks").rglob("*.ipynb")
    assert {path for path in on_disk if of_a_reader.isdisjoint(path.parts)} == {*PATHS}


@every_notebook
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_keeps_the_rules(rule: Rule, path: Path) -> None:
    assert list(rule(read(path))) == []


@every_notebook
def test_it_is_stored_as_make_notebooks_stores_it(path: Path) -> None:
    as_stored = path.read_text(encoding="utf-8") == dumps(normalise(read(path)))
    assert as_stored, f"run: make notebooks NAMES={name_of(path)}"


def known_numbers() -> set[str]:
    evidence = in_files(sorted((ROOT / "data").rglob("*.csv")))
    return evidence | in_modules(config) | {str(frame_type.value) for frame_type in FrameType}


@every_notebook
def test_numbers_in_its_prose_have_a_source(path: Path) -> None:
    without = unsupported(read(path), known_numbers())
    assert without == sorted(ALLOWED.get(name_of(path), {})), (
        "print the number, take it from data/, or say in prose_numbers.ALLOWED why it needs no "
        "source; and allow none that has one"
    )


def test_a_plain_test_run_collects_every_cell_of_every_notebook_and_a_look_behind_it() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "notebooks" in settings["tool"]["pytest"]["ini_options"]["testpaths"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "--color=no", "notebooks"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    tests = re.findall(r"^notebooks/(.+)\.ipynb::(Cell|Leftovers)", run.stdout, re.MULTILINE)
    cells = {(name_of(path), "Cell"): len(code_cells(read(path))) for path in PATHS}
    assert Counter(tests) == cells | {(name_of(path), "Leftovers"): 1 for path in PATHS}
