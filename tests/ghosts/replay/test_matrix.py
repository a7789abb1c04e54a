"""Every lifecycle against every fault: each cell is what `data/faults/matrix.csv` says it is."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import fields

import pytest
from distributed import Client, LocalCluster

from ghosts.paths import DATA
from ghosts.pusher import LIFECYCLES
from ghosts.replay.matrix import (
    FAULTS,
    Cell,
    Harm,
    read_matrix,
    run_cell,
    run_matrix,
    write_matrix,
)
from ghosts.replay.processes import processes
from ghosts.replay.scenario import ScenarioError

STORED = {(cell.lifecycle, cell.fault): cell for cell in read_matrix()}
STEPS = list(LIFECYCLES)


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


def test_the_table_has_a_line_for_every_lifecycle_and_every_scenario_of_the_catalogue() -> None:
    assert set(FAULTS) == {path.stem for path in (DATA / "faults").glob("*.toml")}
    assert list(STORED) == [(lifecycle, fault) for fault in FAULTS for lifecycle in STEPS]


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
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with cluster, Client(cluster) as client:
        yield client.get_executor()


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
