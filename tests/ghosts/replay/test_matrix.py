"""Every lifecycle against every fault: each cell is what `data/faults/matrix.csv` says it is."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import fields

import pytest

from ghosts.listen import LISTEN_LIFECYCLES
from ghosts.paths import DATA
from ghosts.pusher import LIFECYCLES
from ghosts.records.scenario import ScenarioError
from ghosts.replay.matrix import (
    FAULTS,
    LISTEN_FAULTS,
    LISTEN_ROWS,
    STORED_LISTEN_MATRIX,
    Cell,
    Harm,
    read_matrix,
    run_cell,
    run_matrix,
    write_matrix,
)
from ghosts.replay.processes import processes

STORED = {(cell.lifecycle, cell.fault): cell for cell in read_matrix()}
STEPS = list(LIFECYCLES)
LISTENING = {(cell.lifecycle, cell.fault): cell for cell in read_matrix(STORED_LISTEN_MATRIX)}


@pytest.fixture(scope="module")
def ran() -> dict[tuple[str, str], Cell]:
    with processes(2) as executor:
        return {(cell.lifecycle, cell.fault): cell for cell in run_matrix(executor)}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("lifecycle", STEPS)
def test_a_run_leaves_behind_what_the_table_says(
    ran: dict[tuple[str, str], Cell], lifecycle: str, fault: str
) -> None:
    assert ran[lifecycle, fault] == STORED[lifecycle, fault]


@pytest.fixture(scope="module")
def ran_through_listen() -> dict[tuple[str, str], Cell]:
    with processes(2) as executor:
        cells = run_matrix(executor, LISTEN_ROWS, LISTEN_FAULTS)
        return {(cell.lifecycle, cell.fault): cell for cell in cells}


@pytest.mark.parametrize("fault", LISTEN_FAULTS)
@pytest.mark.parametrize("row", LISTEN_ROWS)
def test_both_services_leave_behind_what_the_table_says(
    ran_through_listen: dict[tuple[str, str], Cell], row: str, fault: str
) -> None:
    assert ran_through_listen[row, fault] == LISTENING[row, fault]


def test_the_table_has_a_line_for_every_lifecycle_and_every_scenario_of_the_catalogue() -> None:
    assert set(LISTEN_FAULTS) == {path.stem for path in (DATA / "faults").glob("*.toml")}
    assert list(STORED) == [(lifecycle, fault) for fault in FAULTS for lifecycle in STEPS]
    assert list(LISTENING) == [(row, fault) for fault in LISTEN_FAULTS for row in LISTEN_ROWS]


def harms(lifecycle: str, *faults: str) -> set[Harm]:
    return {STORED[lifecycle, fault].harm for fault in faults or FAULTS}


def test_the_version_to_ship_leaks_nothing_and_loses_nothing_whatever_fails() -> None:
    assert harms("shipped") == {Harm.NONE, Harm.CUT_OFF}


def test_the_version_to_ship_cuts_devices_off_only_where_a_loop_of_theirs_has_died() -> None:
    cut_off = [fault for fault in FAULTS if STORED["shipped", fault].cut_off]
    assert cut_off == ["task_crashes_at_once", "heartbeat_ends", "task_crashes_late"]


def test_the_incident_leaks_where_storage_hangs_and_loses_no_audio_by_it() -> None:
    cell = STORED["gather_all", "storage_never_answers"]
    assert (cell.ghosts, cell.gauge_error, cell.workers_held) == (18, 18, 16)
    assert cell.lost_bytes == 0


def test_the_published_fix_ends_that_leak_by_losing_audio_and_holds_as_many_workers() -> None:
    cell = STORED["supervised", "storage_never_answers"]
    assert (cell.ghosts, cell.gauge_error, cell.workers_held) == (0, 0, 16)
    assert cell.lost_bytes > 0


# What a review found in one form, and the form that mended it: the fault, a count, and where it
# is last seen.
FOUND = [
    ("webhook_trickles", "ghosts", "gather_all"),
    ("device_closes", "samples_lost", "receive_then_drain"),
    ("task_crashes_at_once", "hollow", "samples_at_shutdown"),
    ("finite_task_ends", "cut_off", "first_completed"),
    ("heartbeat_ends", "hollow", "finite_tolerated"),
    ("early_return", "gauge_error", "lifetime_ends"),
    ("cancellation_swallowed", "ghosts", "gauge_in_try"),
    ("device_closes", "users_in_labels", "bounded_cancel"),
    ("storage_never_answers", "lost_bytes", "supervised"),
    ("answer_lost", "stored_twice_bytes", "supervised"),
]


@pytest.mark.parametrize(("fault", "count", "last_seen"), FOUND)
def test_what_a_review_found_in_one_form_is_mended_in_the_next_and_for_good(
    fault: str, count: str, last_seen: str
) -> None:
    seen = [getattr(STORED[lifecycle, fault], count) > 0 for lifecycle in STEPS]
    step = STEPS.index(last_seen)
    assert seen[step]
    assert not any(seen[step + 1 :])


def test_loops_that_sleep_through_a_shutdown_make_it_last_up_to_their_ticks_and_woken_not() -> None:
    slept, woken = (
        STORED[lifecycle, "device_closes"].seconds_to_clean
        for lifecycle in ("static_labels", "supervised_by_hand")
    )
    assert slept == 10
    assert woken == 0


def test_the_two_forms_of_the_published_fix_are_the_same_in_every_cell() -> None:
    names = [field.name for field in fields(Cell) if field.name != "lifecycle"]
    for fault in FAULTS:
        by_hand, owned = (STORED[name, fault] for name in ("supervised_by_hand", "supervised"))
        assert [getattr(by_hand, n) for n in names] == [getattr(owned, n) for n in names]


WEBHOOK_FAILS = {
    "task_crashes_at_once",
    "heartbeat_ends",
    "webhook_trickles",
    "cancellation_swallowed",
    "task_crashes_late",
}
"""Faults in which the user's webhook is what fails: what was said cannot arrive there."""


def through_listen(lifecycle: str, fault: str) -> Cell:
    return LISTENING[f"listen/{lifecycle}", fault]


@pytest.mark.parametrize("fault", LISTEN_FAULTS)
def test_through_listen_the_version_to_ship_leaks_nothing_and_loses_neither_audio_nor_a_word(
    fault: str,
) -> None:
    cell = through_listen("shipped", fault)
    assert cell.harm in (Harm.WORK if fault in WEBHOOK_FAILS else Harm.NONE, Harm.NONE)
    assert (cell.lost_bytes, cell.stored_twice_bytes, cell.cut_off, cell.hollow) == (0, 0, 0, 0)


def test_a_device_that_leaves_early_leaks_the_gauge_of_listen_as_published_and_no_more() -> None:
    leaks = [through_listen(name, "early_return").gauge_error for name in LISTEN_LIFECYCLES]
    assert leaks == [3, 0, 0]


@pytest.mark.parametrize("fault", ["speech_never_answers", "apps_trickle"])
def test_a_call_of_listen_that_never_ends_makes_ghosts_of_both_sessions_before_the_fix(
    fault: str,
) -> None:
    before, after, shipped = (through_listen(name, fault) for name in LISTEN_LIFECYCLES)
    assert (before.ghosts, before.gauge_error) == (3, 3)
    assert (after.ghosts, after.gauge_error) == (shipped.ghosts, shipped.gauge_error) == (0, 0)


def test_speech_that_was_sent_and_not_heard_is_lost_as_published_and_heard_later_if_shipped() -> (
    None
):
    words = [through_listen(name, "speech_fails").words_lost for name in LISTEN_LIFECYCLES]
    assert words[0] == words[1] > 0 == words[2]


@pytest.mark.parametrize("fault", ["pusher_restarts", "pusher_away"])
def test_a_pusher_that_is_replaced_loses_audio_under_the_fix_as_before_it_and_none_if_shipped(
    fault: str,
) -> None:
    lost = [through_listen(name, fault).lost_bytes for name in LISTEN_LIFECYCLES]
    assert lost[0] == lost[1] > 0 == lost[2]


def test_a_fault_of_listen_is_no_fault_of_a_pusher_alone() -> None:
    with pytest.raises(ScenarioError, match="pusher_away befalls listen"):
        run_cell("shipped", "pusher_away")


def test_cells_are_read_as_they_were_written(tmp_path) -> None:
    cells = list(STORED.values())
    write_matrix(cells, tmp_path / "cells.csv")
    assert read_matrix(tmp_path / "cells.csv") == cells


@pytest.fixture(params=["processes", "dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "processes":
        with processes(2) as pool:
            yield pool
        return
    yield request.getfixturevalue("dask_executor")


def test_any_executor_runs_it_processes_and_a_dask_cluster_alike(executor: Executor) -> None:
    lifecycles, faults = ["gather_all", "shipped"], ["webhook_trickles", "early_return"]
    came: list[Cell] = []
    cells = run_matrix(executor, lifecycles, faults, on_cell=came.append)
    assert cells == [STORED[lifecycle, fault] for fault in faults for lifecycle in lifecycles]
    assert sorted(came, key=cells.index) == cells


def test_a_cell_that_cannot_be_run_is_an_error_and_not_a_cell_less() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(ScenarioError, match="no lifecycle 'nobody'"):
        run_matrix(pool, ["nobody"], ["device_closes"])
    with pytest.raises(ScenarioError, match="no scenario 'nothing'"):
        run_cell("gather_all", "nothing")
