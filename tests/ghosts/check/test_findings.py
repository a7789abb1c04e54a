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


def test_a_blocked_worker_and_a_stop_that_never_ends_are_explained_by_a_ghost() -> None:
    assert [each.harm for each in findings(result(STOP, GHOST, BLOCKED, NEVER_STOPS))] == [
        Harm.GHOST
    ]
    both = findings(result(STOP, BLOCKED, NEVER_STOPS))
    assert {each.harm for each in both} == {Harm.BLOCKED_THREAD, Harm.NEVER_STOPS}
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
