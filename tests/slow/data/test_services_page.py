"""What the page of the example services says that `ghosts check` finds is what it finds."""

import re
import shlex
from pathlib import Path

import pytest

from ghosts.cli.main import main

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "data" / "services" / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^    \.venv/bin/ghosts (check .+)$", re.MULTILINE)
HEADLINE = re.compile(r"^\d+\. .+: .+, .+$|^ +-> .+$", re.MULTILINE)
ONLY = re.compile(r"^ +alone: ghosts check .+ (--only \S+)$", re.MULTILINE)
SECTIONS = [part for part in PAGE.split("\n## ")[1:] if COMMAND.search(part)]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.split("`")[1])
def test_the_command_finds_what_the_page_says(
    section: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    command = COMMAND.search(section)
    assert command is not None
    cells = " ".join(ONLY.findall(section))
    assert cells
    assert main(shlex.split(f"{command[1]} {cells}")) == 1
    assert HEADLINE.findall(capsys.readouterr().out) == HEADLINE.findall(section)
