"""Symptoms of one cause become one finding; what another explains, or may be meant, is none."""

from dataclasses import replace

from made_report import CUT_OFF, GHOST, GUILTY, HANDLER, LEAK, STORAGE, result

from ghosts.check.confinement.audit import SideEffect
from ghosts.check.findings import Finding, find
from ghosts.check.plan import Dependency, Protocol
from ghosts.check.result import CellResult, Harm, Place, Symptom

CLOSE, STOP = "storage=never_answers,close", "storage=never_answers,stop"
WAITS_FOR_LOCK = replace(
    GHOST, device=1, chain=(Place("save", "app.py", 30),), waits_for="asyncio.Lock.acquire"
)
BLOCKED = Symptom(harm=Harm.BLOCKED_THREAD, detail="fetch, called at app.py:9")
NEVER_STOPS = Symptom(harm=Harm.NEVER_STOPS, chain=(HANDLER,))


def findings(*results: CellResult) -> list[Finding]:
    return find(results)[0]


def notes(*results: CellResult, dependencies: tuple[Dependency, ...] = ()) -> list[str]:
    return [each.text for each in find(results, dependencies)[1]]


def test_ghosts_in_one_function_are_one_finding_with_every_cell_the_smallest_first() -> None:
    later = replace(GHOST, chain=(HANDLER, replace(GUILTY, line=14)))
    (finding,) = findings(
        result("storage=trickles,close", later, later),
        result(STOP, GHOST, Symptom(harm=Harm.NEVER_STOPS)),
        result(CLOSE, GHOST, replace(GHOST, device=1)),
    )
    assert (finding.harm, finding.count, finding.devices) == (Harm.GHOST, 2, 2)
    names = [cell.name for cell in finding.cells]
    assert names == [CLOSE, "storage=trickles,close", STOP]
    assert finding.line == GUILTY
    assert finding.also == ("the service does not stop on SIGTERM while it waits",)


def test_a_ghost_and_the_orphan_of_the_same_function_are_one_cause_of_two_functions_two() -> None:
    orphan = replace(GHOST, harm=Harm.ORPHAN)
    assert len(findings(result(CLOSE, GHOST), result("healthy,reset", orphan))) == 1
    elsewhere = replace(GHOST, chain=(HANDLER, replace(GUILTY, function="notify")))
    assert len(findings(result(CLOSE, GHOST, elsewhere))) == 2
    in_another_file = replace(GHOST, chain=(HANDLER, replace(GUILTY, file="other.py")))
    assert len(findings(result(CLOSE, GHOST, in_another_file))) == 2


def test_those_that_wait_for_a_lock_are_no_finding_beside_its_holder_and_one_without() -> None:
    (finding,) = findings(result(CLOSE, GHOST, WAITS_FOR_LOCK, WAITS_FOR_LOCK))
    assert (finding.line, finding.count) == (GUILTY, 1)
    (alone,) = findings(result(CLOSE, WAITS_FOR_LOCK))
    assert alone.symptom.waits_for == "asyncio.Lock.acquire"


def test_those_that_wait_for_a_lock_in_one_cell_join_its_holder_in_another() -> None:
    silent = "storage=never_answers,silent"
    cells = result(CLOSE, GHOST, WAITS_FOR_LOCK), result(silent, WAITS_FOR_LOCK)
    (finding,) = findings(*cells)
    assert finding.line == GUILTY
    assert [cell.name for cell in finding.cells] == [CLOSE, silent]


def test_only_ghosts_that_wait_for_a_lock_explain_a_stop_without_end_as_well() -> None:
    (finding,) = findings(result(STOP, WAITS_FOR_LOCK, NEVER_STOPS))
    assert finding.harm is Harm.GHOST


def test_orphans_that_one_call_has_created_are_one_finding_whatever_they_wait_for() -> None:
    orphan = replace(GHOST, harm=Harm.ORPHAN, created=(HANDLER,))
    elsewhere = replace(orphan, chain=(Place("notify", "app.py", 50),))
    (finding,) = findings(result(CLOSE, orphan), result(STOP, elsewhere))
    assert len(finding.cells) == 2
    by_another = replace(elsewhere, created=(replace(HANDLER, line=99),))
    assert len(findings(result(CLOSE, orphan), result(STOP, by_another))) == 2


def test_what_a_stop_leaves_in_memory_is_a_note_and_with_another_departure_a_finding() -> None:
    wrong = Symptom(harm=Harm.GAUGE, detail="active reads 2, and of the devices 0 are connected")
    assert findings(result(STOP, LEAK, wrong)) == []
    assert notes(result(STOP, LEAK, wrong)) == [
        "sessions are still in memory after a stop, until the process ends",
        "a gauge is wrong after a stop, until the process ends",
    ]
    assert len(findings(result(STOP, LEAK, wrong), result("healthy,close", LEAK, wrong))) == 2


def test_a_session_that_ended_long_after_the_others_left_is_a_note_and_as_they_left_a_finding() -> (
    None
):
    ended = replace(CUT_OFF, detail="received 1000 (OK); then sent 1000 (OK)", seconds=12.0)
    assert notes(result("healthy,close", ended)) == [
        f"the service ends sessions of devices that stay: {ended.detail}"
    ]
    assert len(findings(result("healthy,close", replace(ended, seconds=0.5)))) == 1


def test_a_stop_that_takes_long_is_one_note_with_the_longest_first() -> None:
    cells = "healthy,stop", STOP, "storage=refuses,stop"
    took = zip(cells, (37.0, 225.0, 29.0), strict=True)
    (note,) = find([result(cell, stopped_after=seconds) for cell, seconds in took])[1]
    assert note.text.startswith("the service takes 225 s to stop: Kubernetes kills it after 30 s")
    assert [cell.name for cell in note.cells] == [STOP, "healthy,stop"]


def test_an_exception_that_nothing_handled_is_a_note_unless_a_finding_of_its_cell_says_it() -> None:
    raised = {"exceptions": ["KeyError: 'x'", "ConnectionClosedOK: received 1000", "a message"]}
    assert notes(result("healthy,close", **raised)) == ["unhandled: KeyError: 'x'"]
    assert notes(result(CLOSE, **raised)) == []
    assert notes(result("healthy,close", LEAK, **raised)) == []


def test_a_blocked_worker_and_a_stop_that_never_ends_are_explained_by_a_ghost() -> None:
    assert [each.harm for each in findings(result(STOP, GHOST, BLOCKED, NEVER_STOPS))] == [
        Harm.GHOST
    ]
    (blocked,) = findings(result(STOP, BLOCKED, NEVER_STOPS))
    assert blocked.harm is Harm.BLOCKED_THREAD
    assert blocked.also == ("the service does not stop on SIGTERM while it waits",)
    # The fault itself blocks the worker.
    assert findings(result("fetch=blocks_thread,close", BLOCKED)) == []


def test_a_gauge_is_part_of_the_finding_of_the_ghosts_that_explain_it() -> None:
    gauges = {"active": (0.0, 3.0, 2.0), "right": (0.0, 3.0, 0.0)}
    (finding,) = findings(result(CLOSE, GHOST, GHOST, gauges=gauges))
    assert finding.also == ("the gauge active reads 2 too high",)


def test_devices_cut_off_while_a_dependency_fails_are_a_note_and_else_a_finding() -> None:
    refused = replace(CUT_OFF, harm=Harm.REFUSED)
    with_fault = result("storage=refuses,close", CUT_OFF, refused)
    assert findings(with_fault) == []
    assert notes(with_fault) == [
        "while storage fails, devices that stay are cut off",
        "while storage fails, new devices are refused",
    ]
    assert {each.harm for each in findings(result("healthy,close", CUT_OFF, refused))} == {
        Harm.CUT_OFF,
        Harm.REFUSED,
    }


def test_a_dependency_that_nobody_answers_is_the_first_note_and_may_explain_what_is_cut_off() -> (
    None
):
    unanswered = replace(STORAGE, name="redis:6379", protocol=Protocol.UNKNOWN)
    shown = result("healthy,close", CUT_OFF, GHOST)
    (finding,), found = find([shown], [unanswered])
    first, second = (each.text for each in found)
    assert first.startswith("redis:6379 is not answered, for it speaks no HTTP")
    assert second == "while nobody answers redis:6379, devices that stay are cut off"
    assert finding.fault_in_words() == "redis:6379 not answered"


def test_a_thread_that_was_not_seen_to_wait_makes_a_note_of_what_it_would_do() -> None:
    computes = Dependency(name="digest", protocol=Protocol.THREAD, waits=False)
    shown = result("digest=blocks_thread,close", GHOST)
    assert find([shown], [computes])[0] == []
    assert notes(shown, dependencies=(computes,)) == [
        f"digest was not seen to wait; if it never returned there would be: ghost, at {GUILTY}"
    ]
    assert len(find([shown], [replace(computes, waits=True)])[0]) == 1


def test_findings_are_ordered_by_harm_then_by_their_smallest_cell() -> None:
    other = replace(GHOST, chain=(replace(GUILTY, function="other"),))
    found = findings(
        result("healthy,close", LEAK), result(CLOSE, other, BLOCKED), result("healthy,stop", GHOST)
    )
    assert [each.harm for each in found] == [Harm.GHOST, Harm.GHOST, Harm.LEAKED]
    assert found[0].line == GUILTY


def test_side_effects_are_notes_if_they_have_a_place_or_were_refused_each_text_once() -> None:
    effects = [
        SideEffect("writes cache.json", "app.py:3 in save", False),
        SideEffect("writes something of a library", None, False),
        SideEffect("sends to statsd:8125 (UDP)", None, True),
    ]
    shown = [result(name, side_effects=effects) for name in ("healthy,close", "healthy,reset")]
    assert notes(*shown) == [
        "the service writes cache.json at app.py:3 in save",
        "the service sends to statsd:8125 (UDP), which was refused",
    ]
    (first, _) = find(shown)[1]
    assert [cell.name for cell in first.cells] == ["healthy,close", "healthy,reset"]
