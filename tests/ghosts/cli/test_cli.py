"""The command, driven as from a shell: what it writes, what it says, how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from types import SimpleNamespace

import psutil
import pytest

from ghosts.cli.main import main
from ghosts.cli.replay import print_comparison
from ghosts.matrix.catalogue import FAULTS
from ghosts.matrix.table import STORED_LISTEN_MATRIX, read_matrix
from ghosts.paths import DATA
from ghosts.pusher.spool import SpoolError
from ghosts.records.recording import Recording
from ghosts.replay.run import replay
from ghosts.replay.side_by_side import TimedRecording
from ghosts.variants import VARIANTS

# A process that a shell has started in its background ignores Ctrl-C, and so do those it starts.
_AS_INSTALLED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from ghosts.cli import main
sys.exit(main())
"""
TINY = """
name = "tiny [/up]"
summary = "Three devices; storage hangs, and two of them leave"
seed = 7
duration = {duration}
sample_every = 10

[[devices]]
name = "staying"
count = 1

[[devices]]
name = "leaving"
count = 2
stay = [40, 45]

[[faults]]
backend = "storage"
mode = "never_answers"
"""


TWO = ("--variant", "gather_all", "--variant", "supervised")


def _stems(folder):
    return sorted(path.stem for path in (DATA / folder).glob("*.toml"))


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The path of a small scenario, below a current folder of its own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY.format(duration=210))
    return path


@cache
def _replayed(scenario, variant):
    return replay(scenario, variant)


@pytest.fixture
def replayed_here(monkeypatch):
    """Replays run in this process, and no report is written; yields how many run at once."""
    allowed = []

    def replay_in_order(scenario, variants, *, at_once, on_progress):
        allowed.append(at_once)
        return [TimedRecording(_replayed(scenario, name), 0.0) for name in variants]

    monkeypatch.setattr("ghosts.cli.replay.replay_side_by_side", replay_in_order)
    monkeypatch.setattr("ghosts.report.html.write_report", lambda recordings, path: None)
    return allowed


@pytest.fixture
def cells_run_here(monkeypatch):
    """Cells of the matrix run in this process."""
    monkeypatch.setattr("ghosts.cli.matrix.processes", lambda count: ThreadPoolExecutor(1))


def test_a_replay_writes_all_three_recordings_and_the_report_and_compares_them(tiny, capsys):
    assert main(["replay", "--scenario", "tiny.toml"]) == 0

    out, err = capsys.readouterr()
    assert not {"\x1b", "\r", "\b"} & set(out + err)  # no terminal: no colour, nothing drawn over
    before, after, shipped = (
        Recording.load(tiny.parent / f"build/recordings/tiny_up__tenth_{variant}.json")
        for variant in ("gather_all", "supervised", "shipped")
    )
    assert (before.last.gauge, before.last.tcp, before.last.ghosts) == (3, 1, 2)
    assert (after.last.gauge, after.last.tcp, after.last.ghosts) == (1, 1, 0)
    assert (shipped.last.gauge, shipped.last.tcp, shipped.last.ghosts) == (1, 1, 0)
    cells = {name: rest for name, *rest in (re.split(" {2,}", line) for line in out.splitlines())}
    rows = list(cells)
    assert rows.index("resident memory at the end") < rows.index("gauge")
    assert cells["gauge"] == ["3", "1", "1"]
    assert cells["TCP connections"] == ["1", "1", "1"]
    assert cells["ghosts"] == ["2", "0", "0"]
    assert "build/report.html" in out
    assert (tiny.parent / "build/report.html").stat().st_size > 10_000
    assert err.count("simulated") == 12


def test_production_has_a_column_beside_its_own_scenario_alone(capsys):
    replayed = Recording.load(DATA / "recordings" / "production_full_gather_all.json")
    print_comparison([replayed], [0.0])
    beside = capsys.readouterr().out
    cells = {name: rest for name, *rest in (re.split(" {2,}", one) for one in beside.splitlines())}
    assert cells["gauge"] == ["216", "216 [3]"]
    assert cells["TCP connections"] == ["22", "22 [3]"]
    assert cells["ghosts"] == ["194", "194 [3]"]
    assert "[3] omi#7283 third commit, measured" in beside

    mine = replace(replayed, scenario=replace(replayed.scenario, seed=1))
    for others in ([mine], [replayed, mine]):
        print_comparison(others, [0.0] * len(others))
        alone = capsys.readouterr().out
        assert "omi#" not in alone
        assert not re.search(r"\bproduction$|Production:|\[\d\]", alone, re.MULTILINE)


def test_json_is_the_recording_of_one_variant_by_the_documented_fields(tiny, replayed_here):
    command = ["replay", "--scenario", "tiny.toml", "--variant", "supervised"]
    assert main([*command, "--json", "out.json"]) == 0

    table = json.loads((tiny.parent / "out.json").read_text())
    assert (table["variant"], table["scale"]) == ("supervised", 0.1)
    assert table["scenario"]["duration"] == 210
    assert {"t", "gauge", "tcp", "ghosts", "orphans", "tasks", "retained_bytes"} <= set(
        table["samples"][-1]
    )
    audio = table["audio"]
    assert audio["received"] == audio["stored"] + audio["lost"] + audio["queued"] > 0
    assert [path.name for path in (tiny.parent / "build/recordings").iterdir()] == [
        "tiny_up__tenth_supervised.json"
    ]


def test_variants_can_be_given_more_than_once_to_compare_any(tiny, capsys, replayed_here):
    command = ["replay", "--scenario", "tiny.toml"]
    assert main([*command, "--variant", "shipped", "--variant", "lifetime_ends"]) == 0

    assert re.search(r"shipped +lifetime_ends$", capsys.readouterr().out, re.MULTILINE)
    two = ["--variant", "shipped", "--variant", "supervised"]
    assert main([*command, *two, "--json", "out.json"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_full_sends_ten_times_the_bytes_of_a_tenth(tiny, replayed_here):
    command = ["replay", "--scenario", "tiny.toml", "--variant", "gather_all", "--json"]
    main([*command, "tenth.json"])
    main([*command, "full.json", "--full"])

    tenth, full = (Recording.load(tiny.parent / f"{name}.json") for name in ("tenth", "full"))
    assert full.scale == 1
    assert full.audio.received == pytest.approx(10 * tenth.audio.received, rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("replay --variant nobody", "'supervised_by_hand', 'supervised', 'shipped'"),
        (
            "replay --scenario nowhere",
            "half_open, healthy_twin, late_hang, orphans, outage, podcast, production, readers",
        ),
        ("replay --scenario nowhere", "webhook_trickles"),
        ("replay --scenario prodution", "no scenario 'prodution'; did you mean 'production'?"),
        ("replay --scenario tinny.toml", "no scenario 'tinny.toml'; did you mean 'tiny.toml'?"),
        ("replay --variant shiped", "--variant: no 'shiped'; did you mean 'shipped'?"),
        ("matrix --fault storage_5000", "--fault: no 'storage_5000'; did you mean 'storage_500'?"),
        ("repaly", "no 'repaly'; did you mean 'replay'?"),
        ("replay --scenario other.toml", "other.toml: is no scenario: it has none of the keys"),
        ("matrix --variant nobody", "'supervised_by_hand', 'supervised', 'shipped'"),
        ("matrix --fault nothing", "'webhook_trickles'"),
        ("matrix --fault pusher_away", "add --listen"),
        ("matrix --listen --variant static_labels", "it has gather_all, supervised, shipped"),
        ("matrix --csv nowhere/matrix.csv", "cannot write nowhere/matrix.csv"),
        ("capacity --pods 24", "give both"),
        ("capacity --pods 0 --mean 29", "0 pods: should be 1 to"),
        ("capacity --pods 24 --mean 1e300", "should be 1,000,000,000 at most"),
        ("capacity --pods 24 --mean nan", "a metric of nan: should be 0 or more"),
        ("capacity --values missing.yaml", "missing.yaml"),
        ("capacity --values broken.toml", "broken.toml: should be a map of values"),
        ("capacity --pool wrong.toml", "ghosts: wrong.toml: should be a map of values"),
        ("replay --scenario missing.toml", "missing.toml"),
        ("replay --scenario broken.toml", "broken.toml: is no scenario: not TOML"),
        ("replay --scenario wrong.toml", "devices.1.leave"),
        ("replay --json out.json", "give one --variant NAME"),
        ("replay --scenario tiny.toml --variant supervised --json no/out.json", "no/out.json"),
        ("replay --scenario tiny.toml --variant supervised --json .", "cannot write ."),
        ("report missing.json", "missing.json: No such file"),
        ("report tiny.toml", "tiny.toml: is no recording: Invalid JSON"),
        ("report other.json", "other.json: is no recording: format: missing"),
        ("report empty.json", "empty.json: format"),
        ("report", "RECORDING.json"),
        ("", "replay|report"),
        ("haunt", "'replay', 'report'"),
    ],
)
def test_wrong_use_gets_one_line_that_says_what_to_do(tiny, capsys, arguments, said):
    (tiny.parent / "broken.toml").write_text("summary = ")
    wrong = TINY.format(duration=210).replace("stay = [40, 45]", 'leave = "politely"')
    (tiny.parent / "wrong.toml").write_text(wrong)
    (tiny.parent / "empty.json").write_text('{"format": "none"}')
    (tiny.parent / "other.json").write_text('{"name": "other"}')
    (tiny.parent / "other.toml").write_text('[tool.poetry]\nname = "other"\n')

    assert _exit_code(arguments.split()) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert not list(tiny.parent.glob("**/*_gather_all.json"))


def test_its_version_is_that_of_the_package(capsys):
    assert _exit_code(["--version"]) == 0
    assert capsys.readouterr().out == f"ghosts {version('ghost-connections')}\n"


def test_a_report_that_cannot_be_written_is_said_before_the_replay(tiny, capsys):
    (tiny.parent / "build").write_text("a file where the folder should be")

    assert main(["replay", "--scenario", "tiny.toml"]) == 2

    assert "cannot write build" in capsys.readouterr().err


def test_recordings_of_different_scales_are_not_compared(tiny, capsys):
    full = DATA / "recordings" / "production_full_gather_all.json"
    recording = Recording.load(full)
    scenario = recording.scenario.at_scale(0.1)
    replace(recording, scale=0.1, scenario=scenario).save(tiny.parent / "tenth.json")

    assert main(["report", "tenth.json", str(full)]) == 2

    assert "different scales" in capsys.readouterr().err


def test_too_little_memory_for_all_bytes_is_said_before_it_starts(tiny, capsys, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2 * 10**9))

    assert main(["replay", "--full"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "4.7 GB of memory and 2.0 GB are free" in err


@pytest.mark.parametrize(("free", "at_once"), [(500 * 10**6, 1), (2 * 10**9, 2)])
def test_no_more_replays_run_at_once_than_memory_and_cores_allow(
    tiny, monkeypatch, replayed_here, free, at_once
):
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: SimpleNamespace(available=free, total=free)
    )
    monkeypatch.setattr("ghosts.cli.replay.cores", lambda: 2)

    assert main(["replay", "--scenario", "tiny.toml"]) == 0

    assert replayed_here == [at_once]


def test_help_names_the_scenarios_and_the_variants(capsys):
    assert _exit_code(["replay", "--help"]) == 0

    words = " ".join(capsys.readouterr().out.split())
    assert f"Scenarios: {', '.join(_stems('scenarios'))}." in words
    assert f"Variants: {', '.join(VARIANTS)}." in words


def test_the_matrix_is_printed_with_its_worst_and_written_with_every_count(tiny, capsys):
    chosen = ["--variant", "shipped", "--variant", "gather_all", "--fault", "webhook_trickles"]
    assert main(["matrix", *chosen, "--csv", "cells.csv"]) == 0

    out, err = capsys.readouterr()
    assert re.search(r"^webhook_trickles +G3 +10s$", out, re.MULTILINE)
    assert " 0  gather_all: As the incident ran it" in out
    assert " 1  shipped: As one would ship it" in out
    assert "Counts: cells.csv" in out
    assert err == "1 of 2 cells\n2 of 2 cells\n"
    stored = {(cell.variant, cell.fault): cell for cell in read_matrix()}
    incident, shipped = read_matrix(tiny.parent / "cells.csv")
    assert incident == stored["gather_all", "webhook_trickles"]
    assert shipped == stored["shipped", "webhook_trickles"]


def test_the_matrix_of_both_services_is_printed_and_written(tiny, capsys, cells_run_here):
    chosen = ["--variant", "gather_all", "--fault", "speech_never_answers"]
    assert main(["matrix", "--listen", *chosen, "--csv", "cells.csv"]) == 0

    out = capsys.readouterr().out
    assert re.search(r"^speech_never_answers +G3$", out, re.MULTILINE)
    assert " 0  listen/gather_all: As the incident ran it" in out
    (cell,) = read_matrix(tiny.parent / "cells.csv")
    assert cell in read_matrix(STORED_LISTEN_MATRIX)


def test_a_spool_that_cannot_be_opened_is_one_line(tiny, capsys, monkeypatch, cells_run_here):
    def refuse(*_, **__):
        raise SpoolError("spool: No space left on device")

    monkeypatch.setattr("ghosts.cli.matrix.run_matrix", refuse)
    assert main(["matrix", "--fault", "webhook_trickles"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "ghosts: spool: No space left on device"


def test_the_capacity_of_the_incident_is_counted_for_all_three_charts(capsys):
    assert main(["capacity"]) == 0

    out = capsys.readouterr().out
    rows = [re.split(" {2,}", line) for line in out.splitlines() if "171m" in line]
    assert [row[:4] for row in rows] == [
        ["before", "Guaranteed", "2", "24"],
        ["first cut", "Burstable", "4", "48"],
        ["second cut", "Burstable", "4", "48"],
    ]
    assert "42: 18 Pending" in rows[0]
    assert "171m, 74Mi" in rows[2]
    assert all("cpu, memory" in row for row in rows)


def test_the_autoscaler_of_the_incident_stays_at_24_and_26_is_not_its_doing(capsys):
    assert main(["capacity", "--pods", "24", "--mean", "29.041"]) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert "before: the mean is 0.968 of the target of 30 (within tolerance)" in said
    assert "desired replicas: 24;" in said
    assert "From 24, its next step up is 27; a rollout of 24 has 26 at most" in said


def test_a_chart_and_a_pool_of_ones_own_are_counted(tiny, capsys):
    (tiny.parent / "mine.yaml").write_text(
        "resources: {requests: {cpu: 500m, memory: 1Gi}}\n"
        "autoscaling: {minReplicas: 1, maxReplicas: 9, activeConnectionsPerPod: 10}\n"
    )
    (tiny.parent / "more.yaml").write_text("resources: {requests: {memory: 3Gi}}\n")
    (tiny.parent / "pool.yaml").write_text("nodes: 2\nallocatable: {cpu: 2, memory: 8Gi}\n")

    mine = ["capacity", "--pool", "pool.yaml", "--values", "mine.yaml"]
    assert main(mine) == 0
    assert re.search(r"mine.yaml +Burstable +4 +8 +0m, 4,096Mi +cpu ", capsys.readouterr().out)
    assert main([*mine, "--values", "more.yaml"]) == 0
    assert re.search(
        r"more.yaml +Burstable +2 +4 +1000m, 2,048Mi +memory ", capsys.readouterr().out
    )


def test_help_of_the_matrix_names_the_variants_and_the_faults(capsys):
    assert _exit_code(["matrix", "--help"]) == 0

    words = " ".join(capsys.readouterr().out.split())
    assert f"Variants: {', '.join(VARIANTS)}. Faults: {', '.join(FAULTS)}." in words


def test_the_command_answers_without_loading_what_only_a_report_needs():
    heavy = {"numpy", "pandas", "scipy", "matplotlib", "pytest"}
    code = f"import sys, ghosts.cli.commands; print({heavy} & {{*sys.modules}})"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


@pytest.mark.parametrize("when", [pytest.param("starting", marks=pytest.mark.slow), "running"])
def test_ctrl_c_ends_everything_in_one_line(tiny, when):
    """A terminal sends it to the whole group. Were it waited for, the exit code would be 0."""
    tiny.write_text(TINY.format(duration=2400))
    with _command("replay", "--scenario", "tiny.toml", *TWO) as command:
        children = _replays_of(command)
        if when == "running":
            assert "simulated" in command.stderr.readline()
        os.killpg(command.pid, signal.SIGINT)
        out, err = command.communicate()

    assert command.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "ghosts: interrupted"
    assert "Traceback" not in err
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


@pytest.mark.slow
def test_the_replays_end_when_the_command_is_killed(tiny):
    tiny.write_text(TINY.format(duration=2400))
    with _command("replay", "--scenario", "tiny.toml", *TWO) as command:
        children = _replays_of(command)
        command.stderr.readline()
        command.kill()

    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


@contextmanager
def _command(*arguments):
    """The command in a process group of its own, as a shell starts it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _AS_INSTALLED, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _replays_of(command):
    """Wait until the command has started its replays, and return every process below it."""
    parent = psutil.Process(command.pid)
    while not (children := parent.children()) or "spawn_main" not in " ".join(
        children[-1].cmdline()
    ):
        assert command.poll() is None
        time.sleep(0.01)
    return children


def _exit_code(arguments):
    try:
        return main(arguments)
    except SystemExit as ended:
        return ended.code
