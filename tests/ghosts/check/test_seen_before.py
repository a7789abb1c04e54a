"""What a check once said that was wrong, and what it says now."""

import pytest
from checked import CLOSE, check, harms, is_at, line_of, result_of

from ghosts.check.plan import Protocol
from ghosts.check.service import ServiceError

pytestmark = pytest.mark.usefixtures("quick")

FILE = "seen_before.py"


def test_a_thread_that_only_computes_is_no_ghost_but_a_note() -> None:
    cell = "digest=blocks_thread,close"
    report = check("seen_before:computes_in_threads", CLOSE, cell)
    assert report.findings == ()
    assert report.notes
    assert all(each.text.startswith("digest was not seen to wait; ") for each in report.notes)
    (thread,) = report.dependencies
    assert (thread.protocol, thread.waits, thread.connects) == (Protocol.THREAD, False, False)
    assert result_of(report, cell).symptoms  # the fault is injected all the same


@pytest.mark.slow
def test_a_thread_that_calls_a_host_with_a_time_limit_is_no_ghost() -> None:
    cell = "spell.internal=never_answers,close"
    report = check("seen_before:limits_its_threads", CLOSE, cell)
    assert report.findings == ()
    names = {each.name: each.connects for each in report.dependencies}
    assert names == {"spell.internal": False, "fetch": True}


def test_a_chat_in_which_the_others_have_left_starves_nobody() -> None:
    cells = [CLOSE, "healthy,silent"]
    report = check("seen_before:passes_on_to_others", *cells, stay=7.5)
    assert report.findings == ()
    assert report.notes == ()


@pytest.mark.slow
def test_a_pool_whose_workers_all_wait_ends_as_ghosts_at_the_line_that_awaits_them() -> None:
    report = check("seen_before:fills_its_pool")
    assert harms(report) == [("GHOST", 2)]
    assert is_at(report.findings[0].line, FILE, "POOL")
    assert report.findings[0].fault_in_words() == "printer.internal:9100 not answered"


def test_of_sessions_that_share_a_lock_the_holder_is_found_and_waits_for_the_answer() -> None:
    report = check("seen_before:saves_under_a_lock", "rows.internal=never_answers,close", devices=3)
    (finding,) = report.findings
    assert harms(report) == [("GHOST", 1)]
    assert is_at(finding.line, FILE, "HOLDS")
    assert finding.symptom.waits_for == "an answer of rows.internal"
    waiting = [
        each
        for each in result_of(report, "rows.internal=never_answers,close").symptoms
        if each.chain and is_at(each.chain[-1], FILE, "WAITS")
    ]
    assert waiting
    assert all(each.waits_for.startswith("asyncio.Lock") for each in waiting)


@pytest.mark.slow
def test_a_head_and_a_body_that_never_come_are_one_finding_and_certificates_no_note() -> None:
    cells = [f"storage.example.org={mode},close" for mode in ("never_answers", "trickles")]
    report = check("seen_before:reads_in_parts", *cells)
    (finding,) = report.findings
    assert [cell.name for cell in finding.cells] == cells
    assert is_at(finding.line, FILE, "HEAD")
    assert not [each for each in report.notes if "fails, devices that stay" not in each.text]


def test_what_keeps_a_session_leads_through_the_service_and_is_entered_at_its_line() -> None:
    report = check("seen_before:app")
    (finding,) = report.findings
    assert harms(report) == [("LEAKED", 2)]
    assert is_at(finding.line, FILE, "HUB")
    path = finding.symptom.kept_by
    assert path[0] == "module global seen_before.app"
    assert not any("ghosts" in step or "runner" in step for step in path)
    assert len(path) < 8


def test_a_program_whose_handlers_all_raise_is_refused_with_the_error_and_its_line() -> None:
    with pytest.raises(ServiceError) as caught:
        check("seen_before:program_that_raises")
    assert "ValueError: bad ping (at " in str(caught.value)
    assert f"{FILE}:{line_of(FILE, 'RAISES')} in raises)" in str(caught.value)
