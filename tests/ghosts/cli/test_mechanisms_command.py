"""The command ``ghosts mechanisms``: what it prints and writes, and one line for what is wrong."""

import os
import re
import signal
from contextlib import contextmanager

import pytest
from made_up_runs import leak, pod, recording, runs

from ghosts.cli.main import main
from ghosts.cli.mechanisms import print_session_lengths
from ghosts.evidence import EvidenceError
from ghosts.mechanisms import (
    CANDIDATES,
    SessionLengthRun,
    judge,
    read_fleet,
    read_session_lengths,
    read_verdicts,
    write_session_lengths,
)
from ghosts.processes import processes

LENGTHS = (
    SessionLengthRun(
        scenario="c_some_uploads_hang",
        minutes=190,
        ghosts=194,
        tcp_mean=21.9,
        sixteenth_minute=60,
        mib_per_ghost=14.7,
        mib_per_ghost_mean=14.5,
        mib_per_ghost_low=14.0,
        mib_per_ghost_high=15.4,
        growth_before_mb=50.5,
        growth_after_mb=205.0,
    ),
)
FLEET = "--fleet 1 --candidate c_some_uploads_hang"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--fleet 0 --candidate c_some_uploads_hang", "a fleet has at least 1 pod; got 0"),
        ("--fleet 3", "add --candidate NAME"),
        ("--fleet 3 --candidate nobody", "no candidate 'nobody'; there are: a_storage_stops"),
        ("--candidate nobody", "no candidate 'nobody'"),
        ("--fleet many", "invalid int value: 'many'"),
        ("--minutes 3", "add --fleet N"),
        (f"{FLEET} --minutes 0", "should be 1 or more; got 0"),
        ("--session-lengths --candidate nobody", "cannot be combined"),
        ("--csv nowhere/verdicts.csv", "cannot write nowhere/verdicts.csv"),
        (f"{FLEET} --csv nowhere/fleet.csv", "cannot write nowhere/fleet.csv"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, words, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["mechanisms", *arguments.split()])
    except SystemExit as left:
        code = left.code
    assert code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


@pytest.fixture
def no_processes(monkeypatch) -> None:
    @contextmanager
    def nobody(count):
        yield None

    monkeypatch.setattr("ghosts.cli.mechanisms.processes", nobody)


def test_a_lost_process_is_one_line(capsys, monkeypatch) -> None:
    @contextmanager
    def doomed(count):
        with processes(count) as executor:
            os.kill(executor.submit(os.getpid).result(), signal.SIGKILL)
            yield executor

    monkeypatch.setattr("ghosts.cli.mechanisms.processes", doomed)
    assert main(["mechanisms", *FLEET.split()]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"ghosts: a process died .*; .*\?", last)


def test_a_fleet_is_printed_and_written_with_its_samples(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["mechanisms", *FLEET.split(), "--minutes", "2", "--csv", "fleet.csv"]) == 0
    out = capsys.readouterr().out
    assert "0 ghosts on 1 pods" in out
    assert "Table: fleet.csv" in out
    (run,) = read_fleet(tmp_path / "fleet.csv")
    assert (run.connections, run.ghosts, run.sixteenth_minute) == (22, 0, None)
    assert [one.minute for one in run.samples] == [2]


def test_the_table_is_printed_with_its_reasons_and_written(
    no_processes, capsys, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fleet = tuple(pod(n, 22, [n, 9, 170]) for n in range(24))
    made = [runs(recording(leak(80)), fleet=fleet, name=one.name) for one in CANDIDATES]
    asked = []

    def judged(executor, chosen, on_replay):
        asked.extend(chosen)
        return judge([one for one in made if one.candidate in chosen])

    monkeypatch.setattr("ghosts.cli.mechanisms.run_mechanisms", judged)
    names = ["d_hangs_at_departure", "a_storage_stops"]
    flags = [word for name in names for word in ("--candidate", name)]
    assert main(["mechanisms", *flags, "--csv", "verdicts.csv"]) == 0
    out = capsys.readouterr().out
    assert [one.name for one in asked] == sorted(names)
    assert "O3  contradicts: when one pod has 170, at minute 30" in out
    assert "f_default_timeouts" not in out
    assert len(read_verdicts(tmp_path / "verdicts.csv")) == 14


def test_evidence_that_is_not_there_is_one_line(no_processes, capsys, monkeypatch) -> None:
    def refuse(*_, **__):
        raise EvidenceError("fleet_a.csv is not there")

    monkeypatch.setattr("ghosts.cli.mechanisms.run_mechanisms", refuse)
    assert main(["mechanisms", "--candidate", "a_storage_stops"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "ghosts: fleet_a.csv is not there"


def test_session_lengths_are_printed_beside_the_record_and_read_as_written(
    capsys, tmp_path
) -> None:
    print_session_lengths(LENGTHS)
    out = capsys.readouterr().out
    assert "14.0 to 15.4" in out
    assert "on record" in out
    write_session_lengths(LENGTHS, tmp_path / "lengths.csv")
    assert read_session_lengths(tmp_path / "lengths.csv") == LENGTHS
