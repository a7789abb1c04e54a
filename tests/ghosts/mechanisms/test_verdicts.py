"""The table: real runs, what is stored, and executors."""

from concurrent.futures import Executor, Future
from dataclasses import replace

import pytest
from made_up_runs import leak, recording, runs

from ghosts.backends import Backend
from ghosts.mechanisms import (
    CANDIDATES,
    GOOGLE_DEFAULTS,
    OBSERVATIONS,
    STORED_FLEETS,
    Answer,
    Runs,
    Verdict,
    candidate,
    read_fleet,
    read_verdicts,
    run_mechanisms,
    write_verdicts,
)
from ghosts.mechanisms.candidates import GOOGLE_TIMEOUT
from ghosts.paths import DATA
from ghosts.records.scenario import load_scenario

STORED = {(one.candidate, one.observation): one for one in read_verdicts()}


class Recorded(Executor):
    """An executor that knows the answer to every call."""

    def __init__(self, runs: Runs) -> None:
        self._answers = {"gather_all": runs.before, "supervised": runs.after}
        self.calls: list[tuple[str, str]] = []

    def submit(self, call, /, name, variant):
        self.calls.append((name, variant))
        answer: Future = Future()
        answer.set_result(self._answers[variant])
        return answer


def test_the_stored_table_has_every_candidate_and_observation_in_order() -> None:
    assert list(STORED) == [(one.name, o) for one in CANDIDATES for o in OBSERVATIONS]


def test_every_scenario_of_the_folder_is_a_candidate_or_a_session_length() -> None:
    names = {path.stem for path in (DATA / "mechanisms").glob("*.toml")}
    assert names == {one.name for one in CANDIDATES} | {"c_exponential_16", "c_exponential_48"}


@pytest.mark.parametrize("one", CANDIDATES, ids=lambda one: one.name)
def test_a_candidate_is_production_but_for_its_fault_or_how_devices_leave(one) -> None:
    production = load_scenario("production")
    same = {"name": "", "summary": "", "faults": ()}
    ours = replace(one.scenario, **same)
    if one.letter == "E":
        assert {group.leave for group in ours.devices[:2]} == {"vanish"}
        ours = replace(ours, devices=tuple(replace(group, leave="close") for group in ours.devices))
    assert ours == replace(production, **same)


def test_candidate_c_is_the_production_scenario() -> None:
    same = {"name": "", "summary": ""}
    ours = candidate("c_some_uploads_hang").scenario
    assert replace(ours, **same) == replace(load_scenario("production"), **same)


def test_candidate_f_differs_from_a_in_the_uploads_timeouts_alone() -> None:
    a, f = candidate("a_storage_stops"), candidate("f_default_timeouts")
    assert a.scenario.faults == f.scenario.faults
    assert f.clients is GOOGLE_DEFAULTS
    changed = {
        backend for backend in Backend if a.clients.timeouts[backend] != f.clients.timeouts[backend]
    }
    assert changed == {Backend.STORAGE}
    timeout = f.clients.timeouts[Backend.STORAGE]
    assert (timeout.sock_connect, timeout.sock_read) == (GOOGLE_TIMEOUT, GOOGLE_TIMEOUT)
    assert timeout.total is None


def test_a_fault_that_has_ended_is_gone_after_the_restart() -> None:
    assert candidate("b_interruption_60").after_restart.faults == ()
    assert len(candidate("c_some_uploads_hang").after_restart.faults) == 1


@pytest.mark.parametrize("name", STORED_FLEETS)
def test_the_stored_fleets_give_the_verdicts_that_are_stored(name: str) -> None:
    fleet = read_fleet(STORED_FLEETS[name])
    for observation in ("O3", "O4"):
        made = runs(recording(leak(80)), fleet=fleet, name=name)
        assert OBSERVATIONS[observation](made) == STORED[name, observation]


def test_the_table_is_a_row_per_candidate_from_two_replays_each() -> None:
    executor = Recorded(runs(recording(leak(80))))
    done: list[int] = []
    chosen = CANDIDATES[:2]
    verdicts = run_mechanisms(executor, chosen, {}, on_replay=lambda: done.append(1))
    assert executor.calls == [
        (one.name, variant) for one in chosen for variant in ("gather_all", "supervised")
    ]
    assert len(done) == 4
    assert [(v.candidate, v.observation) for v in verdicts] == [
        (one.name, o) for one in chosen for o in OBSERVATIONS
    ]


def test_verdicts_are_read_as_they_were_written(tmp_path) -> None:
    verdicts = (
        Verdict(
            candidate="x",
            observation="O1",
            answer=Answer.CANNOT_TELL,
            number=None,
            unit="y",
            reason='a "reason", with a comma',
        ),
        *STORED.values(),
    )
    write_verdicts(verdicts, tmp_path / "verdicts.csv")
    assert read_verdicts(tmp_path / "verdicts.csv") == verdicts
