"""A report as JSON: the same for the same results, and nothing of the machine in it."""

import json
from dataclasses import replace

from made_report import GHOST, report, result, usual

from ghosts.check.report.as_json import FORMAT, as_json, write_json


def test_cells_are_in_the_order_of_the_plan_whichever_ended_first():
    backwards = report(*reversed(usual().results))
    assert [cell["cell"] for cell in as_json(backwards)["cells"]] == [
        "healthy,close",
        "healthy,silent",
        "healthy,stop",
        "storage=never_answers,close",
        "storage=trickles,close",
        "storage=refuses,reset",
    ]
    assert as_json(backwards) == as_json(usual())


def test_a_finding_has_its_lines_its_rule_its_cells_and_its_command():
    ghost, leak = as_json(usual())["findings"]
    assert ghost["line"] == {
        "file": "app.py",
        "line": 12,
        "function": "<upload>",
        "source": 'await post("<storage>" & data)',
    }
    assert ghost["chain"][-1] == ghost["line"]
    assert ghost["rule"]["page"] == "docs/rules.md#3-bound-the-drain"
    assert ghost["cells"] == ["storage=never_answers,close", "storage=trickles,close"]
    assert ghost["command"].endswith("--only storage=never_answers,close")
    assert ghost["since"] == "its connection has been gone for 239 s"
    assert leak["harm"] == "session still in memory"
    assert leak["line"] is None


def test_each_measure_of_a_cell_is_in_it():
    cells = {cell["cell"]: cell for cell in as_json(usual())["cells"]}
    held = cells["storage=never_answers,close"]
    assert (held["ghosts"], held["sessions_in_memory"], held["orphan_tasks"]) == (2, 1, 0)
    assert held["seconds_to_clean"] is None
    stopped = cells["healthy,stop"]
    assert (stopped["seconds_to_stop"], stopped["seconds_to_clean"]) == (77.4, 0.0)
    assert stopped["gauges"] == {"active": {"before": 0.0, "connected": 3.0, "at_end": 0.0}}
    assert cells["healthy,close"]["side_effects"][1] == {
        "what": "sends to statsd:8125 (UDP)",
        "place": None,
        "refused": True,
    }


def test_nothing_of_the_machine_or_of_secrets_is_in_it(tmp_path):
    write_json(usual(), tmp_path / "x.json")
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert json.loads(text)["format"] == FORMAT
    assert "0x7f12ab34cd" not in text
    assert "abc" not in text


def test_the_last_digits_of_a_size_which_differ_between_runs_are_not_in_it():
    sizes = [
        as_json(report(result("healthy,close", replace(GHOST, held_bytes=size))))["findings"][0]
        for size in (123_456, 123_648)
    ]
    assert [each["held_bytes"] for each in sizes] == [120_000, 120_000]
