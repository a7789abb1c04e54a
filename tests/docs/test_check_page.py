"""The tables of the page of `ghosts check` say what the code says."""

import argparse
import math
import re
from pathlib import Path

import pytest

from ghosts.check import cell
from ghosts.check.check import Report
from ghosts.check.confinement.private_files import MOST_MEMORY
from ghosts.check.findings import RULES
from ghosts.check.plan import HTTP_MODES, MODES, THREAD_MODES, TOXICS, Departure, Phase
from ghosts.check.report.as_json import FORMAT, as_json
from ghosts.check.report.harm_words import MEASURES
from ghosts.check.result import Harm
from ghosts.check.service import Service
from ghosts.check.world.threads import FASTEST
from ghosts.check.world.timing import BY_WALL_CLOCK, SIMULATED
from ghosts.cli.check import add_to
from ghosts.records.fault import FaultMode

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "check.md").read_text(encoding="utf-8")
RULE_TITLES = dict(
    re.findall(r"^## (\d+)\. (.+)$", (DOCS / "rules.md").read_text(encoding="utf-8"), re.MULTILINE)
)


def table(first: str) -> list[list[str]]:
    """Return the rows of the table whose heading begins with this cell."""
    rows = re.search(rf"^\| {re.escape(first)} \|.*\n\| ---.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert rows is not None, first
    return [[part.strip() for part in line.split("|")[1:-1]] for line in rows[1].splitlines()]


WAITS = ["stay", "fault_before", "witness", "observed", "ghost_after", "slow", "trickle", "ping"]
SECONDS = {FaultMode.SLOW: SIMULATED.slow, FaultMode.TRICKLES: SIMULATED.trickle}


def in_code(text: str) -> str:
    return text.strip("`")


def options() -> list[argparse.Action]:
    parser = argparse.ArgumentParser()
    add_to(commands := parser.add_subparsers())
    actions = commands.choices["check"]._actions
    return [each for each in actions if each.option_strings and each.dest != "help"]


def test_every_option_of_the_command_is_on_the_page_with_its_default() -> None:
    rows = {in_code(row[0]): row for row in table("option")}
    named = {
        each.option_strings[0]
        + ("" if each.nargs == 0 else f" {each.metavar or each.dest.upper()}"): each
        for each in options()
    }
    assert set(rows) == set(named)
    for usage, action in named.items():
        _, meaning, default = rows[usage]
        assert ("repeatable" in meaning) == isinstance(action.default, list), usage
        if isinstance(action.default, int | float) and action.nargs != 0:
            assert default == f"{action.default:g}", usage


def test_every_mode_is_on_the_page_with_its_toxic_its_seconds_and_where_it_is_tried() -> None:
    rows = {in_code(row[0]): row[1:] for row in table("mode")}
    assert list(rows) == [*THREAD_MODES, *HTTP_MODES]
    for mode, (words, toxic, tried) in rows.items():
        assert in_code(toxic) == TOXICS.get(FaultMode(mode), ""), mode
        assert tried == ", ".join(name for name, modes in MODES.items() if mode in modes), mode
        if mode in SECONDS:
            assert f"{SECONDS[mode]:g} s" in words, mode


def test_the_waits_of_both_clocks_are_on_the_page() -> None:
    rows = table("seconds")
    for row, name in zip(rows, WAITS, strict=True):
        for text, timing in zip(row[1:], (SIMULATED, BY_WALL_CLOCK), strict=True):
            seconds = getattr(timing, name)
            if seconds is not None and math.isfinite(seconds):
                assert text.partition(",")[0] == f"{int(seconds)}", (row[0], name)


def test_every_departure_is_on_the_page() -> None:
    assert [in_code(row[0]) for row in table("departure")] == list(Departure)


def test_every_harm_is_on_the_page_with_its_name_in_json_and_its_rule() -> None:
    rows = [(harm, in_code(name), rule) for harm, name, _, rule in table("harm")]
    rules = {harm: str(rule.number) for harm, rule in RULES.items()}
    assert rows == [(harm, MEASURES.get(harm, ""), rules.get(harm, "")) for harm in Harm]


def test_every_key_of_the_json_is_on_the_page() -> None:
    nothing = Report(
        service=Service(target="app:app"),
        dependencies=(),
        results=(),
        not_run=(),
        findings=(),
        notes=(),
        real_seconds=0.0,
    )
    assert [in_code(row[0]) for row in table("key")] == list(as_json(nothing))
    assert f"`{FORMAT}`" in PAGE


@pytest.mark.parametrize(
    "words",
    [
        f"has not ended {SIMULATED.ghost_after:g} s after",
        f"{SIMULATED.witness:g} s longer",
        f"{SIMULATED.observed:.0f} s after that",
        f"{cell._BETWEEN_ARRIVALS:g} s apart",
        f"at least {SIMULATED.fault_before:g} s before the departure",
        f"shortened {FASTEST:g}-fold",
        f"{MOST_MEMORY // 2**20} MiB",
        ", ".join(f"`{phase}`" for phase in Phase),
    ],
)
def test_a_figure_of_the_page_is_that_of_the_code(words: str) -> None:
    assert words in " ".join(PAGE.split())


def test_the_rules_that_findings_name_are_those_of_the_page_of_rules() -> None:
    root = DOCS.parent
    for rule in RULES.values():
        assert RULE_TITLES[str(rule.number)] == rule.title
        assert (root / rule.notebook).exists()


def test_the_page_of_the_architecture_names_every_file_of_the_package() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    section = page.partition("## `ghosts.check`")[2].partition("\n## ")[0]
    files = {path.name for path in Path(cell.__file__).parent.rglob("*.py")} - {"__init__.py"}
    assert set(re.findall(r"`(\w+\.py)`", section)) == files
