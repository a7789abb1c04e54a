"""What the command ``ghosts`` can do: replay, report on recordings, run the matrix, count pods."""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final, NoReturn

from rich.console import Console

from ghosts.free_memory import free_memory
from ghosts.listen import LISTEN_LIFECYCLES
from ghosts.matrix_table import print_matrix
from ghosts.mechanisms_command import add_mechanisms
from ghosts.paths import DATA
from ghosts.progress import Progress, counting
from ghosts.pusher import COMPARED, LIFECYCLES, SpoolError
from ghosts.records.scenario import FULL
from ghosts.replay import Recording, RecordingError, Scenario, ScenarioError, load_scenario
from ghosts.replay.matrix import FAULTS, LISTEN, LISTEN_FAULTS, run_matrix, write_matrix
from ghosts.replay.open_files import make_room_for
from ghosts.replay.processes import processes
from ghosts.replay.side_by_side import ReplayDiedError, TimedRecording, replay_side_by_side
from ghosts.settings import PRIVATE_CLOUD_CHUNK_SECONDS, PRIVATE_CLOUD_QUEUE_MAX, audio_bytes

_BUILD: Final = Path("build")
"""Where recordings and the report go, below the current folder."""
_REPORT: Final = _BUILD / "report.html"
_BASE_BYTES: Final = 300 * 2**20
"""Memory of a replay beside the audio that it keeps: what one at a tenth takes in all."""
_PER_AUDIO_BYTE: Final = 1.1
"""Memory a replay takes for each byte of audio: measured, 3.6 GB for 3.5 GB kept."""
_KEPT_SECONDS: Final = (PRIVATE_CLOUD_QUEUE_MAX + 3) * PRIVATE_CLOUD_CHUNK_SECONDS
"""Audio that a session can hold: its queue, a chunk begun, a batch, and that batch's upload."""
_SCENARIOS: Final = sorted(path.stem for path in (DATA / "scenarios").glob("*.toml"))


class CommandError(Exception):
    """Something that the caller has to change. Its text is one line that says what to do."""


def run(argv: Sequence[str] | None) -> int:
    """Do what the arguments say and return the exit code; an interrupt is raised."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (CommandError, ScenarioError, RecordingError, SpoolError) as error:
        return _fail(str(error), 2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", 2)
    except ReplayDiedError as error:
        return _fail(str(error), 1)
    return 0


def _fail(message: str, code: int) -> int:
    print(f"ghosts: {' '.join(message.split())}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """A parser that needs one line to complain."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="ghosts", description="Replay the ghost connections of production.")
    commands = parser.add_subparsers(
        required=True, metavar="replay|report|matrix|capacity|mechanisms"
    )
    _add_replay(commands)
    _add_report(commands)
    _add_matrix(commands)
    _add_capacity(commands)
    add_mechanisms(commands, _check_writable, _cores)
    return parser


def _add_replay(commands: "argparse._SubParsersAction[_Parser]") -> None:
    lifecycles = ", ".join(LIFECYCLES)
    replay = commands.add_parser(
        "replay",
        help="replay a scenario before and after the fix, and report",
        description="Replay a scenario under the incident, its published fix and the version to "
        "ship, at a tenth of production's audio bytes; compare them, and write the recordings and "
        "one HTML report to build/.",
        epilog=f"Scenarios: {', '.join(_SCENARIOS)}. Lifecycles: {lifecycles}.",
    )
    replay.add_argument("--full", action="store_true", help="send all of production's audio bytes")
    replay.add_argument(
        "--lifecycle",
        metavar="NAME",
        choices=LIFECYCLES,
        action="append",
        help="only this one; can be given more than once, to compare any: " + lifecycles,
    )
    replay.add_argument(
        "--scenario",
        metavar="FILE_OR_NAME",
        default="production",
        help=f"a TOML file, or one of {', '.join(_SCENARIOS)}, or a fault (see ghosts matrix "
        "--help); default: production",
    )
    replay.add_argument(
        "--json",
        metavar="FILE",
        type=Path,
        help="write the recording there too; with one --lifecycle only",
    )
    replay.set_defaults(run=_replay)


def _add_report(commands: "argparse._SubParsersAction[_Parser]") -> None:
    report = commands.add_parser(
        "report",
        help="make the HTML report from saved recordings",
        description="Make one self-contained HTML report from recordings of one scale.",
    )
    report.add_argument("recordings", metavar="RECORDING.json", type=Path, nargs="+")
    report.set_defaults(run=_report)


def _add_matrix(commands: "argparse._SubParsersAction[_Parser]") -> None:
    matrix = commands.add_parser(
        "matrix",
        help="run every lifecycle against every fault, and print what was left behind",
        description="Run every lifecycle against every fault of the catalogue, each in a scenario "
        "of its own on simulated time, and print what is the worst of each.",
        epilog=f"Lifecycles: {', '.join(LIFECYCLES)}. Faults: {', '.join(FAULTS)}. With --listen, "
        f"lifecycles: {', '.join(LISTEN_LIFECYCLES)}; and these faults as well: "
        f"{', '.join(LISTEN_FAULTS[len(FAULTS) :])}.",
    )
    matrix.add_argument(
        "--listen",
        action="store_true",
        help="have devices come to the pusher through listen, and count what both services leave",
    )
    for name, known in (("lifecycle", tuple(LIFECYCLES)), ("fault", LISTEN_FAULTS)):
        matrix.add_argument(
            f"--{name}",
            metavar="NAME",
            choices=known,
            action="append",
            help=f"only this {name}; can be given more than once",
        )
    matrix.add_argument("--csv", metavar="FILE", type=Path, help="write every count there too")
    matrix.set_defaults(run=_matrix)


def _add_capacity(commands: "argparse._SubParsersAction[_Parser]") -> None:
    capacity = commands.add_parser(
        "capacity",
        help="print how many pods fit the nodes, and how many the autoscaler wants",
        description="Print how many pods of a Helm chart fit a pool of nodes, and what runs out "
        "first: of the chart of the incident before and after its requests were cut, or of yours.",
    )
    capacity.add_argument(
        "--values",
        metavar="FILE",
        type=Path,
        action="append",
        help="values of a chart; can be given more than once, the later over the earlier; its keys "
        "are those of data/chart/values.yaml",
    )
    capacity.add_argument(
        "--pool", metavar="FILE", type=Path, help="nodes, as in data/chart/pool.yaml"
    )
    capacity.add_argument("--pods", metavar="N", type=int, help="with --mean: pods there are")
    capacity.add_argument(
        "--mean",
        metavar="CONNECTIONS",
        type=float,
        help="with --pods: their mean, and the command says what the autoscaler makes of it",
    )
    capacity.set_defaults(run=_capacity)


def _replay(arguments: argparse.Namespace) -> None:
    lifecycles = list(dict.fromkeys(arguments.lifecycle or COMPARED))
    if arguments.json and len(lifecycles) > 1:
        raise CommandError("--json holds the recording of one lifecycle: give one --lifecycle NAME")
    scenario = load_scenario(arguments.scenario)
    if arguments.full:
        scenario = scenario.at_scale(FULL)
    paths = [_recording_path(scenario, lifecycle) for lifecycle in lifecycles]
    _check_writable(_REPORT, *paths, *([arguments.json] if arguments.json else []))
    make_room_for(scenario.device_count)
    at_once = _how_many_at_once(scenario, len(lifecycles))

    with Progress(Console(stderr=True), scenario.duration, lifecycles) as progress:
        timed = replay_side_by_side(
            scenario, lifecycles, at_once=at_once, on_progress=progress.advance
        )
    _publish(timed, paths, arguments.json)


def _publish(timed: Sequence[TimedRecording], paths: Sequence[Path], copy: Path | None) -> None:
    recordings = [each.recording for each in timed]
    for recording, path in zip(recordings, paths, strict=True):
        recording.save(path)
    if copy:
        recordings[0].save(copy)
    from ghosts.comparison_table import print_comparison  # These load scipy: a second.
    from ghosts.report import write_report

    write_report(recordings, _REPORT)
    print_comparison(recordings, [each.wall_seconds for each in timed])
    for path in (*paths, *([copy] if copy else [])):
        print(f"Recording: {path}")
    print(f"Report: {_REPORT}")


def _report(arguments: argparse.Namespace) -> None:
    recordings = [_load(path) for path in arguments.recordings]
    if len({recording.scale for recording in recordings}) > 1:
        raise CommandError("the recordings are of different scales: report on each scale by itself")
    _check_writable(_REPORT)
    from ghosts.report import write_report  # Loads the plots, which takes a second.

    write_report(recordings, _REPORT)
    print(f"Report: {_REPORT}")


def _matrix(arguments: argparse.Namespace) -> None:
    rows, faults = _rows_and_faults(arguments)
    if arguments.csv:
        _check_writable(arguments.csv)
    most = max(load_scenario(fault).device_count for fault in faults)
    make_room_for(most, connections=2 if arguments.listen else 1)
    count = len(rows) * len(faults)
    try:
        with (
            counting(Console(stderr=True), count, "cells") as advance,
            processes(min(_cores(), count)) as executor,
        ):
            cells = run_matrix(executor, rows, faults, on_cell=lambda cell: advance())
    except BrokenProcessPool:
        raise ReplayDiedError("a process that ran cells died; is there memory enough?") from None
    print_matrix(cells)
    if arguments.csv:
        write_matrix(cells, arguments.csv)
        print(f"Counts: {arguments.csv}")


def _rows_and_faults(arguments: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Return those that were asked for, or all, in the order of the matrix."""
    lifecycles, faults = (
        (LISTEN_LIFECYCLES, LISTEN_FAULTS) if arguments.listen else (LIFECYCLES, FAULTS)
    )
    for name in arguments.fault or ():
        if name not in faults:
            raise CommandError(f"{name} befalls listen: add --listen")
    for name in arguments.lifecycle or ():
        if name not in lifecycles:
            raise CommandError(f"listen has no {name}; it has {', '.join(lifecycles)}")
    prefix = LISTEN if arguments.listen else ""
    chosen = [name for name in lifecycles if name in (arguments.lifecycle or lifecycles)]
    return (
        [f"{prefix}{name}" for name in chosen],
        [name for name in faults if name in (arguments.fault or faults)],
    )


def _capacity(arguments: argparse.Namespace) -> None:
    if (arguments.pods is None) != (arguments.mean is None):
        raise CommandError("--pods and --mean are of use together: give both")
    from ghosts import capacity  # It loads a client of Kubernetes: a fifth of a second.
    from ghosts.capacity_table import print_capacity, print_decision

    if arguments.values:
        charts = {arguments.values[-1].name: tuple(arguments.values)}
    else:
        before, first, second = capacity.BEFORE, capacity.FIRST_CUT, capacity.SECOND_CUT
        charts = {"before": before, "first cut": first, "second cut": second}
    try:
        deployments = {name: capacity.load_values(*files) for name, files in charts.items()}
        pool = capacity.load_pool(arguments.pool or capacity.POOL)
        name, asked = next(iter(deployments.items()))
        decision = None
        if arguments.mean is not None:
            decision = capacity.decide(asked.scaling, arguments.pods, arguments.mean)
    except capacity.CapacityError as error:
        raise CommandError(str(error)) from None
    print_capacity(pool, deployments)
    if decision is not None:
        print()
        print_decision(name, asked, arguments.pods, decision)


def _load(path: Path) -> Recording:
    recording = Recording.load(path)
    if not recording.samples:
        raise RecordingError(f"{path.name}: samples: there is none, and a report needs one")
    return recording


def _recording_path(scenario: Scenario, lifecycle: str) -> Path:
    name = re.sub(r"[^\w-]+", "_", scenario.name)
    scale = "full" if scenario.scale == FULL else "tenth"
    return _BUILD / "recordings" / f"{name}_{scale}_{lifecycle}.json"


def _check_writable(*paths: Path) -> None:
    """Find out by trying, before minutes are spent; leaves no file behind."""
    for path in paths:
        try:
            if path.is_relative_to(_BUILD):
                path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path.open("ab").close()
            else:
                tempfile.TemporaryFile(dir=path.parent).close()
        except OSError as error:
            raise CommandError(
                f"cannot write {path}: {error.strerror}; make that place writable, or use another"
            ) from None


def _how_many_at_once(scenario: Scenario, lifecycles: int) -> int:
    """Say how many replays the cores and the free memory allow at the same time."""
    need, free = _need(scenario), free_memory()
    if free < need:
        advice = "replay without --full" if scenario.scale == FULL else "take fewer devices"
        raise CommandError(
            f"one replay needs {need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free: "
            f"free some, or {advice}"
        )
    return min(lifecycles, _cores(), free // need)


def _need(scenario: Scenario) -> int:
    """Say how many bytes of memory a replay takes at most: when nothing is ever uploaded."""
    seconds = min(scenario.audio_seconds, scenario.device_count * _KEPT_SECONDS)
    return int(_BASE_BYTES + _PER_AUDIO_BYTE * audio_bytes(seconds, scenario.sample_rate))


def _cores() -> int:
    """Say how many cores this process may use, where the system tells; else how many there are."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
