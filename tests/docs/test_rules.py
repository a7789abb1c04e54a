"""The rules for handlers and the catalogue of faults stay together."""

import re
from pathlib import Path

import pytest

from ghosts.matrix import LISTEN_FAULTS, read_matrix
from ghosts.records.cell import Cell

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
RULES = [f"## {part}" for part in re.split(r"^## (?=\d+\. )", PAGE, flags=re.MULTILINE)[1:]]
CLAIM = re.compile(r"^- (Without|With): `(\w+)` under `(\w+)`: `(\w+)` (\w+)$", re.MULTILINE)
ROWS = re.compile(r"^\| `(\w+)` \| ([\d, ]+) \|$", re.MULTILINE)


def figure(cell: Cell, column: str) -> str:
    value = getattr(cell, column)
    return "never" if value is None else f"{value:g}"


@pytest.fixture(scope="module")
def cells() -> dict[tuple[str, str], Cell]:
    return {(cell.fault, cell.variant): cell for cell in read_matrix()}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.partition(".")[0])
def test_each_rule_is_shown_by_a_fault_with_and_without_it(
    rule: str, cells: dict[tuple[str, str], Cell]
) -> None:
    claims = CLAIM.findall(rule)
    assert [claim[0] for claim in claims[:2]] == ["Without", "With"]
    for _, fault, variant, column, value in claims:
        assert figure(cells[fault, variant], column) == value, (fault, variant, column)
    for without, with_it in zip(claims[::2], claims[1::2], strict=True):
        assert without[1] == with_it[1], "the same fault"
        assert without[3] == with_it[3], "the same column"
        assert without[4] != with_it[4], "the rule makes a difference"


def test_every_fault_of_the_catalogue_belongs_to_a_rule() -> None:
    assert [fault for fault, _ in ROWS.findall(PAGE)] == list(LISTEN_FAULTS)
    numbers = {number.strip() for _, named in ROWS.findall(PAGE) for number in named.split(",")}
    assert numbers == {str(number) for number in range(1, len(RULES) + 1)}
