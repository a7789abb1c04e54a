"""The table of paths is the same wherever it stands, and a path fits the time that it promises."""

import re
from pathlib import Path

import path_durations
import pytest
import write_paths
from book_pages import ROOT, prose
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_form import dumps
from path_durations import Way, measured, steps_to_run, ways
from reading_time import Rates, Text

from ghosts.exercises import exercises

WAYS = ways()


@pytest.mark.parametrize("page", [write_paths.README, write_paths.NOTEBOOK], ids=lambda p: p.name)
def test_the_table_of_a_page_has_the_paths_and_their_minutes_of_today(page: Path) -> None:
    (table,) = write_paths.TABLE.findall(prose(page))
    assert table == write_paths.table(WAYS, page), "run: .venv/bin/python tools/write_paths.py"


def test_the_stored_minutes_are_those_of_the_table() -> None:
    stored = write_paths.DURATIONS.read_text(encoding="utf-8")
    assert stored == write_paths.durations(WAYS), "run: .venv/bin/python tools/write_paths.py"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_path_fits_the_time_that_its_name_promises(way: Way) -> None:
    assert 0 < sum(way.minutes.values()) <= way.limit
    promised = re.search(r"\d+(?= minutes)", way.name)
    assert promised is None or int(promised[0]) == way.limit


def test_there_are_walkthroughs_onboardings_ci_and_reuse() -> None:
    assert {way.name.partition(",")[0] for way in WAYS} == {
        "Walkthrough",
        "Onboarding",
        "CI",
        "Reuse",
    }


def test_the_time_of_every_notebook_and_command_of_a_path_was_measured() -> None:
    assert sorted(measured()) == steps_to_run(), "run: .venv/bin/python tools/measure_paths.py"


def test_a_step_that_names_no_file_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no file is named notebooks/99_"):
        path_durations._expanded("notebooks/99_of_next_year.ipynb")


def test_a_notebook_is_read_with_its_outputs_and_each_kind_at_its_own_rate(tmp_path: Path) -> None:
    picture = new_output("display_data", {"image/png": "", "text/plain": "<Figure>"})
    printed = new_output("stream", text="one\ntwo\n")
    cells = [
        new_markdown_cell("four words of prose"),
        new_code_cell("a = 1\n\nb = 2\n", outputs=[printed, picture]),
    ]
    path = tmp_path / "short.ipynb"
    path.write_text(dumps(new_notebook(cells=cells)), encoding="utf-8")
    text = Text.of(path)
    assert text == Text(words=4, code_lines=2, output_lines=2, pictures=1)
    rates = Rates(
        words_per_minute=4,
        seconds_per_code_line=3,
        seconds_per_output_line=6,
        seconds_per_picture=42,
    )
    assert rates.minutes(text) == 1 + (2 * 3 + 2 * 6 + 42) / 60


def test_minutes_are_rounded_up_and_reading_to_five(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"reading": 5.2, "running": 1.1}
    monkeypatch.setattr(path_durations, "minutes_of", lambda *_: kinds)
    assert {tuple(way.minutes.values()) for way in ways() if len(way.steps) == 1} == {(10, 2)}


def test_every_file_that_a_first_task_names_exists() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = page.partition("## First tasks")[2].partition("\n## ")[0]
    named = re.findall(r"`((?:lib|docs|data|tools|tests|\.github)/[\w./]+|[\w]+\.toml)`", section)
    assert len(named) >= 5
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_exercises_of_the_short_path_are_those_of_the_onboarding_of_45_minutes() -> None:
    (way,) = (way for way in WAYS if way.name == "Onboarding, 45 minutes")
    steps = {step for group in way.steps for step in group if "/exercises/" in step}
    of_exercises = {f"{each.number:02}_{each.slug}" for each in exercises() if each.short_path}
    assert {Path(step).stem for step in steps} == of_exercises
