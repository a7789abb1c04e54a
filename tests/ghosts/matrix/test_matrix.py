"""The matrix: each cell that is run here is what `data/faults/matrix.csv` holds.

Every cell of the incident and of the version to ship is a test of its own. The rows of the steps of
the fix, the published fix itself and listen are run by `tests/slow`, but for a few cells.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Final

import pytest
from stored_cells import ALL, LISTENING, OFTEN, STORED

from ghosts.matrix.catalogue import FAULTS, LISTEN_FAULTS, LISTEN_ROWS
from ghosts.matrix.measure import run_cell
from ghosts.matrix.run import run_matrix
from ghosts.matrix.table import read_matrix, write_matrix
from ghosts.paths import DATA
from ghosts.processes import processes
from ghosts.records.cell import Cell, Harm
from ghosts.records.scenario import ScenarioError
from ghosts.variants import COMPARED, LISTEN_VARIANTS, VARIANTS, VariantError

STEPS: Final = list(VARIANTS)


@pytest.mark.parametrize(("variant", "fault"), OFTEN)
def test_a_cell_is_what_the_table_says(variant: str, fault: str) -> None:
    assert run_cell(variant, fault) == ALL[variant, fault]


def test_the_table_has_a_line_for_every_variant_and_every_scenario_of_the_catalogue() -> None:
    assert set(LISTEN_FAULTS) == {path.stem for path in (DATA / "faults").glob("*.toml")}
    assert set(COMPARED) < set(STEPS)
    assert list(STORED) == [(variant, fault) for fault in FAULTS for variant in STEPS]
    assert list(LISTENING) == [(row, fault) for fault in LISTEN_FAULTS for row in LISTEN_ROWS]


def harms(variant: str, *faults: str) -> set[Harm]:
    return {STORED[variant, fault].harm for fault in faults or FAULTS}


def test_the_version_to_ship_leaks_nothing_and_loses_nothing_under_any_fault() -> None:
    assert harms("shipped") == {Harm.NONE, Harm.CUT_OFF}


def test_the_version_to_ship_cuts_devices_off_only_where_a_loop_of_theirs_has_ended() -> None:
    cut_off = [fault for fault in FAULTS if STORED["shipped", fault].cut_off]
    assert cut_off == ["task_crashes_at_once", "heartbeat_ends", "task_crashes_late"]


def test_the_incident_leaks_where_storage_hangs_and_loses_no_audio_by_it() -> None:
    cell = STORED["gather_all", "storage_never_answers"]
    assert (cell.ghosts, cell.gauge_error, cell.workers_blocked) == (18, 18, 16)
    assert cell.lost_bytes == 0


def test_the_published_fix_ends_that_leak_by_losing_audio_and_blocks_as_many_workers() -> None:
    cell = STORED["supervised", "storage_never_answers"]
    assert (cell.ghosts, cell.gauge_error, cell.workers_blocked) == (0, 0, 16)
    assert cell.lost_bytes > 0


# What reviews found in a variant: the fault, a count, and the last variant that has it.
FOUND = [
    ("webhook_trickles", "ghosts", "gather_all"),
    ("device_closes", "samples_lost", "receive_then_drain"),
    ("task_crashes_at_once", "loops_missing", "samples_at_shutdown"),
    ("finite_task_ends", "cut_off", "first_completed"),
    ("heartbeat_ends", "loops_missing", "finite_tolerated"),
    ("early_return", "gauge_error", "lifetime_ends"),
    ("cancellation_swallowed", "ghosts", "gauge_in_try"),
    ("device_closes", "users_in_labels", "bounded_cancel"),
    ("storage_never_answers", "lost_bytes", "supervised"),
    ("answer_lost", "stored_twice_bytes", "supervised"),
]


@pytest.mark.parametrize(("fault", "count", "last_seen"), FOUND)
def test_what_a_review_found_in_a_variant_is_fixed_in_the_next_and_all_later_ones(
    fault: str, count: str, last_seen: str
) -> None:
    seen = [getattr(STORED[variant, fault], count) > 0 for variant in STEPS]
    step = STEPS.index(last_seen)
    assert seen[step]
    assert not any(seen[step + 1 :])


def test_loops_that_a_shutdown_wakes_end_at_once_and_others_at_their_next_poll() -> None:
    slept, woken = (
        STORED[variant, "device_closes"].seconds_to_clean
        for variant in ("static_labels", "supervised_by_hand")
    )
    assert slept == 10
    assert woken == 0


def test_the_published_fix_and_the_one_with_a_scope_are_the_same_in_every_cell() -> None:
    names = [field.name for field in fields(Cell) if field.name != "variant"]
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
"""Faults of the user's webhook: no transcript can arrive there."""


def through_listen(variant: str, fault: str) -> Cell:
    return LISTENING[f"listen/{variant}", fault]


@pytest.mark.parametrize("fault", LISTEN_FAULTS)
def test_through_listen_the_version_to_ship_leaks_nothing_and_loses_neither_audio_nor_a_word(
    fault: str,
) -> None:
    cell = through_listen("shipped", fault)
    assert cell.harm in (Harm.WORK if fault in WEBHOOK_FAILS else Harm.NONE, Harm.NONE)
    assert (cell.lost_bytes, cell.stored_twice_bytes) == (0, 0)
    assert (cell.cut_off, cell.loops_missing) == (0, 0)


def test_a_device_that_leaves_early_leaks_the_gauge_of_listen_as_published_and_no_more() -> None:
    leaks = [through_listen(name, "early_return").gauge_error for name in LISTEN_VARIANTS]
    assert leaks == [3, 0, 0]


@pytest.mark.parametrize("fault", ["speech_never_answers", "apps_trickle"])
def test_a_call_of_listen_that_never_ends_makes_ghosts_of_both_sessions_before_the_fix(
    fault: str,
) -> None:
    before, after, shipped = (through_listen(name, fault) for name in LISTEN_VARIANTS)
    assert (before.ghosts, before.gauge_error) == (3, 3)
    assert (after.ghosts, after.gauge_error) == (shipped.ghosts, shipped.gauge_error) == (0, 0)


def test_speech_that_was_sent_and_not_heard_is_lost_as_published_and_heard_later_if_shipped() -> (
    None
):
    words = [through_listen(name, "speech_fails").words_lost for name in LISTEN_VARIANTS]
    assert words[0] == words[1] > 0 == words[2]


@pytest.mark.parametrize("fault", ["pusher_restarts", "pusher_away"])
def test_a_pusher_that_is_replaced_loses_audio_under_the_fix_as_before_it_and_none_if_shipped(
    fault: str,
) -> None:
    lost = [through_listen(name, fault).lost_bytes for name in LISTEN_VARIANTS]
    assert lost[0] == lost[1] > 0 == lost[2]


def test_a_fault_of_listen_is_no_fault_of_a_pusher_alone() -> None:
    with pytest.raises(ScenarioError, match="pusher_away is a fault of listen"):
        run_cell("shipped", "pusher_away")


def test_cells_are_read_as_they_were_written(tmp_path) -> None:
    cells = list(STORED.values())
    write_matrix(cells, tmp_path / "cells.csv")
    assert read_matrix(tmp_path / "cells.csv") == cells


def test_an_executor_of_processes_runs_cells_of_steps_of_the_fix() -> None:
    """Not in this process: before `static_labels`, these leave users as labels of its metrics."""
    variants, faults = ["samples_at_shutdown", "bounded_cancel"], ["heartbeat_ends", "early_return"]
    came: list[Cell] = []
    with processes(2) as executor:
        cells = run_matrix(executor, variants, faults, on_cell=came.append)
    assert cells == [STORED[variant, fault] for fault in faults for variant in variants]
    assert sorted(came, key=cells.index) == cells


def test_a_cell_that_cannot_be_run_is_an_error_and_not_a_cell_less() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(VariantError, match="no variant 'nobody'"):
        run_matrix(pool, ["nobody"], ["device_closes"])
    with pytest.raises(ScenarioError, match="no scenario 'nothing'"):
        run_cell("gather_all", "nothing")
