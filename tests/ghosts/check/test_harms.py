"""Each harm is found at its line, with its number; and is not found in the sound form."""

import pytest
from checked import check, harms, is_at, line_of, result_of

from ghosts.check.check import Report
from ghosts.check.findings import Finding
from ghosts.check.service import ServiceError

pytestmark = pytest.mark.usefixtures("quick")

VANISH, RESET, STOP = (f"healthy,{each}" for each in ("vanish", "reset", "stop"))


def only_finding(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


@pytest.mark.parametrize("form", ["gather", "wait", "group", "lock"])
def test_a_ghost_is_found_below_what_its_handler_waits_for(form: str) -> None:
    report = check("holding:handler", path=f"/{form}", devices=3)
    finding = only_finding(report)
    # Of those that wait for the lock, only the one that has it is a cause.
    assert harms(report) == [("GHOST", 1 if form == "lock" else 3)]
    assert is_at(finding.line, "holding.py")
    assert any(is_at(place, "holding.py", form.upper()) for place in finding.symptom.chain)
    assert finding.symptom.waits_for == "asyncio.Event.wait"
    assert finding.devices == 3
    assert finding.symptom.held_bytes > 0
    assert finding.also == (  # and these are no findings
        "the gauge active reads 3 too high",
        "the service does not stop on SIGTERM while it waits",
    )
    assert result_of(report).clean_after is None


def test_a_service_with_ghosts_that_stops_nevertheless_is_not_said_not_to_stop() -> None:
    assert only_finding(check("holding:cancels_at_stop")).also == ()


@pytest.mark.parametrize(
    "form",
    [
        "gather",
        pytest.param("wait", marks=pytest.mark.slow),
        pytest.param("group", marks=pytest.mark.slow),
        "lock",
    ],
)
def test_a_handler_that_gives_up_after_20_s_is_no_ghost(form: str) -> None:
    report = check("holding:handler", path=f"/{form}?bounded", devices=3)
    assert report.findings == ()
    assert result_of(report).gauges == {"active": (0.0, 3.0, 0.0)}


def test_a_session_whose_device_vanished_is_half_open_unless_pings_notice() -> None:
    faulty = check("half_open:faulty", VANISH)
    assert harms(faulty) == [("HALF_OPEN", 2)]
    assert is_at(only_finding(faulty).line, "half_open.py")
    assert check("half_open:sound", VANISH).findings == ()


def test_a_task_that_outlives_its_session_is_an_orphan_with_where_it_was_created() -> None:
    report = check("orphans:forgets")
    symptom = only_finding(report).symptom
    assert harms(report) == [("ORPHAN", 2)]
    assert is_at(symptom.chain[-1], "orphans.py", "BEAT")
    assert is_at(symptom.created[-1], "orphans.py", "FORGOTTEN")
    assert symptom.waits_for == "asyncio.sleep"
    assert check("orphans:cancels").findings == ()


def test_an_orphan_that_a_helper_has_created_is_shown_with_the_line_that_called_the_helper() -> (
    None
):
    created = only_finding(check("orphans:forgets_what_it_spawns")).symptom.created
    markers = ("CALLS", "SPAWNED")
    assert len(created) == len(markers)
    assert all(
        is_at(place, "orphans.py", each) for place, each in zip(created, markers, strict=True)
    )


def test_a_task_that_a_library_has_created_for_an_orphan_is_no_orphan_of_its_own() -> None:
    report = check("orphans:waits_with_a_limit")
    assert harms(report) == [("ORPHAN", 2)]
    assert is_at(only_finding(report).line, "orphans.py", "LIMIT")


@pytest.mark.slow
def test_an_orphan_that_was_cancelled_and_goes_on_is_said_to() -> None:
    report = check("orphans:cancels_in_vain")
    assert harms(report) == [("ORPHAN", 2)]
    symptom = only_finding(report).symptom
    assert is_at(symptom.chain[-1], "orphans.py", "STUBBORN")
    assert symptom.detail == "it was cancelled, and goes on"


def test_a_background_task_that_the_first_session_starts_for_all_is_no_orphan() -> None:
    assert check("orphans:starts_one_for_all").findings == ()


@pytest.mark.parametrize("kind", ["list", "set", "dict", "class", "nested", "timer"])
def test_an_ended_session_that_a_hub_keeps_is_found_where_it_was_entered(kind: str) -> None:
    report = check(f"memory:in_{kind}")
    assert harms(report) == [("LEAKED", 2)]
    finding = only_finding(report)
    assert is_at(finding.line, "memory.py", kind.upper())
    name = {"class": "members", "nested": "rooms", "timer": "method Watchdog.check"}.get(
        kind, f"memory.{kind.upper()}"
    )
    assert any(name in step for step in finding.symptom.kept_by)


@pytest.mark.parametrize("service", ["removes", "in_loop_variable"])
def test_a_session_that_is_removed_and_one_in_a_loop_variable_are_no_leak(service: str) -> None:
    report = check(f"memory:{service}")
    assert report.findings == ()
    assert report.notes == ()


def test_a_session_that_the_traceback_of_a_kept_exception_keeps_is_a_note() -> None:
    report = check("memory:in_traceback")
    assert report.findings == ()
    (note,) = report.notes
    assert "by the frames of its traceback" in note.text


def test_a_gauge_that_is_not_lowered_is_found_where_it_was_raised() -> None:
    report = check("harms:gauge_without_finally")
    finding = only_finding(report)
    assert harms(report) == [("GAUGE", 2)]
    assert is_at(finding.line, "harms.py", "RAISED")
    assert finding.symptom.detail == "active reads 2, and of the devices 0 are connected"
    assert result_of(report).gauges == {"active": (0.0, 2.0, 2.0)}
    assert check("harms:gauge_with_finally").findings == ()


def test_a_gauge_that_counts_devices_is_compared_where_they_are_cut_off_at_once_too() -> None:
    cell = "storage.internal=status_500,close"
    report = check("harms:counts_before_it_asks", cell)
    assert harms(report) == [("GAUGE", 2)]
    assert is_at(only_finding(report).line, "harms.py", "COUNTED")


def test_a_ghost_whose_cancellation_a_task_has_swallowed_says_so() -> None:
    finding = only_finding(check("holding:waits_for_one_that_swallows"))
    assert is_at(finding.line, "holding.py", "SWALLOWS")
    assert finding.symptom.detail == "a task of it was cancelled, and goes on"


@pytest.mark.slow
def test_a_ghost_that_waits_for_a_worker_is_found_at_the_line_of_the_worker() -> None:
    cells = [f"storage.internal=never_answers,{each}" for each in ("close", "silent", "stop")]
    report = check("harms:asks_in_a_worker", *cells)
    finding = only_finding(report)
    assert harms(report) == [("GHOST", 2)]
    assert is_at(finding.line, "harms.py", "FETCHES")
    assert is_at(finding.symptom.chain[-2], "harms.py", "IN_WORKER")
    assert finding.also == ("the service does not stop on SIGTERM while it waits",)
    assert "fetch" in {each.name for each in report.dependencies}  # not what called it there
    assert check("harms:asks_in_a_worker", "storage.internal=refuses,close").findings == ()


@pytest.mark.slow
def test_a_worker_that_is_blocked_is_found_where_it_was_called() -> None:
    report = check("harms:blocks_a_worker")
    assert ("BLOCKED_THREAD", 2) in harms(report)
    details = [each.symptom.detail for each in report.findings if "blocks" in each.symptom.detail]
    assert len(details) == 1
    assert details[0].startswith("blocks, called at ")
    assert details[0].endswith(" in blocks_a_worker")
    assert check("harms:uses_a_worker").findings == ()


def test_a_device_that_is_cut_off_by_an_error_is_found_with_its_line() -> None:
    report = check("harms:cuts_off")
    finding = only_finding(report)
    assert harms(report) == [("CUT_OFF", 1)]
    assert finding.symptom.device == 0
    assert finding.symptom.detail.startswith("ValueError: bad input (at ")
    assert finding.symptom.detail.endswith(f"harms.py:{line('RAISES')} in cuts_off)")


def line(marker: str) -> int:
    return line_of("harms.py", marker)


@pytest.mark.slow
def test_a_device_that_gets_nothing_because_another_does_not_read_is_starved_at_a_line() -> None:
    report = check("harms:broadcasts", VANISH, devices=3, stay=7.5)
    starved = [each for each in report.findings if each.harm.name == "STARVED"]
    assert [each.count for each in starved] == [1]
    assert starved[0].symptom.device == 2
    assert is_at(starved[0].line, "harms.py", "SENDS")
    bounded = check("harms:broadcasts_with_a_limit", VANISH, devices=3, stay=7.5)
    assert "STARVED" not in [name for name, _ in harms(bounded)]


@pytest.mark.slow
def test_a_service_that_lets_nobody_in_after_others_have_left_refuses_a_device() -> None:
    report = check("harms:keeps_slots")
    assert harms(report) == [("REFUSED", 1)]
    assert only_finding(report).symptom.device == 2
    assert "403" in only_finding(report).symptom.detail
    assert check("harms:frees_slots").findings == ()


@pytest.mark.slow
def test_a_service_that_does_not_stop_is_found_and_one_that_is_slow_is_noted() -> None:
    report = check("harms:never_stops", STOP)
    assert harms(report) == [("NEVER_STOPS", 1)]
    assert is_at(only_finding(report).line, "harms.py", "NEVER_STOPS")
    assert result_of(report, STOP).stopped_after is None
    slow = check("harms:stops_late", STOP)
    assert slow.findings == ()
    assert [each.text for each in slow.notes] == [
        "the service takes 45 s to stop: Kubernetes kills it after 30 s unless told otherwise"
    ]


@pytest.mark.parametrize(
    ("service", "marker", "words"),
    [
        ("sleeps_in_the_loop", "SLEEPS", "blocks the event loop"),
        ("sleeps_again_and_again", "AGAIN", "blocks the event loop"),
        # for 2 s, again and again
        pytest.param("asks_in_the_loop", "ASKS", "blocks the event loop", marks=pytest.mark.slow),
        ("spins", "SPINS", "in spins"),
        ("exits", "EXITS", "the service ends itself: SystemExit: no licence"),
    ],
)
def test_a_service_that_cannot_be_checked_at_all_is_refused_with_its_line(
    service: str, marker: str, words: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        check(f"harms:{service}")
    assert words in str(caught.value)
    assert f"harms.py:{line(marker)}" in str(caught.value)


def test_short_sleeps_that_block_the_loop_are_noted_with_their_line() -> None:
    report = check("harms:pauses_in_the_loop")
    assert report.findings == ()
    assert [each.text for each in report.notes] == [
        f"harms.py:{line('PAUSES')} in pauses_in_the_loop blocks the event loop"
    ]
    assert check("harms:pauses_in_another_thread").notes == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("service", "harm", "marker"),
    [("exits_on_errors", "EXITS", "LEAVES"), ("blocks_on_errors", "SPINS", "BLOCKED")],
)
def test_a_service_that_ends_or_blocks_itself_under_a_fault_is_found_with_its_line(
    service: str, harm: str, marker: str
) -> None:
    report = check(f"harms:{service}", "storage.internal=refuses,close")
    assert harms(report) == [(harm, 1)]
    assert f"harms.py:{line(marker)}" in only_finding(report).symptom.detail


def test_a_service_that_survives_a_fault_has_no_finding() -> None:
    cell = "storage.internal=refuses,close"
    report = check("harms:survives_errors", cell)
    assert report.findings == ()
    assert [each.cell.name for each in report.results] == [cell]
