"""The figures of the page that compares tools are those that were measured."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
MEASURED = json.loads((ROOT / "data" / "bench" / "comparison.json").read_text(encoding="utf-8"))
TOOLS = ("with_pyleak", "by_hand", "with_simloop", "with_ghosts")
SERVICES = tuple(MEASURED["faults"])
RECORDS = {(each["tool"], each["service"]): each for each in MEASURED["records"]}


def section(title: str) -> str:
    """Return the part of the page below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.+?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of a table by the first one, without its heading."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    return {first.strip(" `"): [cell.strip() for cell in rest] for first, *rest in lines[2:]}


def in_all(key: str) -> list[Any]:
    return [sum(RECORDS[tool, service][key] for service in SERVICES) for tool in TOOLS]


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_says_which_tool_finds_which_fault(service: str) -> None:
    said = {fault: cells[1:] for fault, cells in rows(section(f"`{service}`")).items()}
    found = {tool: RECORDS[tool, service]["found"] for tool in TOOLS}
    assert said == {
        fault: ["yes" if fault in found[tool] else "no" for tool in TOOLS]
        for fault in MEASURED["faults"][service]
    }


def test_the_page_says_how_many_faults_each_tool_finds() -> None:
    every = sum(map(len, MEASURED["faults"].values()))
    found = [sum(len(RECORDS[tool, service]["found"]) for service in SERVICES) for tool in TOOLS]
    assert rows(section("Summary"))[f"faults found, of {every}"] == list(map(str, found))


def test_the_page_says_how_many_lines_each_tool_takes() -> None:
    said = rows(section("What has to be written"))
    shared = [MEASURED["shared_lines"].get(tool, 0) for tool in TOOLS]
    for service in SERVICES:
        assert said[service] == [str(RECORDS[tool, service]["lines"]) for tool in TOOLS]
    assert said["shared by the three"] == list(map(str, shared))
    total = [str(own + also) for own, also in zip(in_all("lines"), shared, strict=True)]
    assert said["in all"] == rows(section("Summary"))["lines of test code"] == total


def test_the_page_says_how_long_each_tool_takes() -> None:
    said = rows(section("How long it takes"))
    for service in SERVICES:
        for form, key in (("faulty", "seconds"), ("corrected", "seconds_fixed")):
            seconds = [f"{RECORDS[tool, service][key]:.0f} s" for tool in TOOLS]
            assert said[f"{service}, {form}"] == seconds
    total = [f"{seconds:.0f} s" for seconds in in_all("seconds")]
    assert rows(section("Summary"))["time for the faulty services"] == total


def test_the_page_names_the_versions_that_were_measured() -> None:
    assert f"Python {MEASURED['python']}" in PAGE
    for package, version in MEASURED["versions"].items():
        assert f"{package} {version}" in PAGE


def test_the_page_says_what_is_reported_for_a_corrected_form() -> None:
    said = re.findall(r"corrected form as well: `(\w+)` of `(\w+)`, by `ghosts check`", PAGE)
    assert [("with_ghosts", service, [fault]) for fault, service in said] == [
        (each["tool"], each["service"], each["false_alarms"])
        for each in MEASURED["records"]
        if each["false_alarms"]
    ]
