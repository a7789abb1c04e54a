"""A report in words: what a finding says, and what is said when there is none."""

import pytest
from made_report import CUT_OFF, GHOST, GUILTY, report, result, usual

from ghosts.check.confinement.audit import SideEffect
from ghosts.check.report.harm_words import counted
from ghosts.check.report.words import Kind, lines, report_in_words
from ghosts.check.result import Harm, Symptom


def test_a_finding_says_what_where_since_when_why_and_how_to_see_it_alone():
    assert """
1. 2 ghosts: storage never answers, devices close
      app.py:48 in ws: await asyncio.gather(read(), work())
   -> app.py:12 in <upload>: await post("<storage>" & data)
   waits for an answer of storage; its connection has been gone for 239 s
   POST /a to storage has had no full answer for 243 s
   each keeps 123,456 bytes reachable
   rule 3, Bound the drain: docs/rules.md#3-bound-the-drain, notebooks/03_the_fix.ipynb
   also in storage=trickles,close
   alone: ghosts check app:app --path '/ws?token=***' --only storage=never_answers,close
""" in report_in_words(usual())


def test_notes_and_side_effects_and_what_was_not_run_are_said():
    said = report_in_words(usual())
    assert "  while storage fails, devices that stay are cut off (storage=refuses,reset)\n" in said
    assert "  the service writes cache.json at app.py:3 in save (healthy,close)\n" in said
    assert "  the service sends to statsd:8125 (UDP), which was refused (healthy,close)\n" in said
    assert said.endswith(
        "2 findings in 6 cells, 12 s. Not run for lack of time: storage=garbage,silent; "
        "see --seconds."
    )


def test_of_many_notes_eight_are_said():
    effects = [SideEffect(f"writes {name}", "app.py:3 in save", False) for name in range(11)]
    said = report_in_words(report(result("healthy,close", side_effects=effects)))
    assert (
        "writes 7 at app.py:3 in save (healthy,close)\n  3 more notes: see --html and --json\n"
        in said
    )


def test_without_a_finding_what_was_tried_is_said():
    said = report_in_words(
        report(result("storage=refuses,stop"), result("healthy,close"), not_run=())
    )
    assert said.endswith(
        "Tried: dependencies: refuses; departures: close, stop.\nNothing found in 2 cells, 12 s."
    )


def test_unhandled_exceptions_of_the_cell_are_said_unless_the_finding_says_them():
    cell = "healthy,close"
    raised = ["KeyError: 3", "ValueError: first\nsecond", "TypeError: x"]
    cut_off = Symptom(harm=Harm.CUT_OFF, device=0, detail="KeyError: 3")
    said = report_in_words(report(result(cell, cut_off, exceptions=raised)))
    assert said.count("KeyError") == 1
    assert "   unhandled: ValueError: first\n   unhandled: TypeError: x\n" in said


def test_what_keeps_a_session_is_said_from_the_last_global_variable_on():
    steps = (
        "event loop",
        "task 'a'",
        "module global sys.modules",
        "module global app.x",
        "list[0]",
    )
    leak = Symptom(harm=Harm.LEAKED, kept_by=steps)
    said = report_in_words(report(result("healthy,close", leak)))
    assert "   kept by module global app.x -> list[0]\n" in said


def test_a_terminal_can_tell_the_headline_and_the_guilty_line():
    found = list(lines(usual()))
    guilty = next(line for line in found if line.kind is Kind.GUILTY)
    assert GUILTY.source in guilty.text
    assert [line.text[:2] for line in found if line.kind is Kind.HEADLINE] == ["1.", "2."]
    assert "\n".join(line.text for line in found) == report_in_words(usual())


def test_a_gauge_is_wrong_by_an_amount():
    assert counted(Harm.GAUGE, 5) == "gauge wrong by 5"


@pytest.mark.parametrize("harm", [harm for harm in Harm if harm is not Harm.GAUGE])
def test_each_harm_has_a_singular_and_a_plural(harm):
    assert counted(harm, 1) == f"1 {harm}"
    assert counted(harm, 2) != f"2 {harm}"


def test_devices_cut_off_is_the_plural_of_device_cut_off():
    said = report_in_words(report(result("healthy,close", CUT_OFF, CUT_OFF, GHOST)))
    assert "2 devices cut off: nothing fails, devices close" in said


def test_a_cell_that_never_ended_has_no_number_of_devices():
    blocked = Symptom(harm=Harm.SPINS, detail="app.py:3 in ws blocks the event loop")
    said = report_in_words(report(result("storage=slow,close", blocked, devices=0, left=0)))
    assert "1 event loop that is blocked: storage slow, devices close\n" in said
