"""The subcommand ``ghosts replay``: replay a scenario, compare the variants, and report."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ghosts.cli.checks import BUILD, REPORT, CommandError, check_writable
from ghosts.cli.console import console_of
from ghosts.cli.free_memory import free_memory
from ghosts.cli.progress import Progress
from ghosts.config import PRIVATE_CLOUD_CHUNK_SECONDS, PRIVATE_CLOUD_QUEUE_MAX, audio_bytes
from ghosts.paths import DATA
from ghosts.processes import cores
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL, Scenario, load_scenario
from ghosts.replay.side_by_side import TimedRecording, replay_side_by_side
from ghosts.report.comparison import (
    NAMES_IN_WORDS,
    PRODUCTION_IN_WORDS,
    Row,
    compare,
    name_of_pod,
    replay_production,
    scale_in_words,
)
from ghosts.report.unseen import unseen_in_words
from ghosts.simulation.open_files import make_room_for
from ghosts.variants import COMPARED, VARIANTS

_BASE_BYTES: Final = 300 * 2**20
"""Memory of a replay beside the audio that it keeps: what one at a tenth takes in all."""
_PER_AUDIO_BYTE: Final = 1.1
"""Memory a replay takes for each byte of audio: measured, 3.6 GB for 3.5 GB kept."""
_KEPT_SECONDS: Final = (PRIVATE_CLOUD_QUEUE_MAX + 3) * PRIVATE_CLOUD_CHUNK_SECONDS
"""Audio that a session can hold: its queue, a chunk begun, a batch, and that batch's upload."""
_SCENARIOS: Final = sorted(path.stem for path in (DATA / "scenarios").glob("*.toml"))
_WIDTH: Final = 140
"""Columns of the table where there is no terminal."""


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand to the parser's."""
    variants = ", ".join(VARIANTS)
    replay = commands.add_parser(
        "replay",
        help="replay a scenario before and after the fix, and report",
        description="Replay a scenario under the incident, its published fix and the version to "
        "ship, at a tenth of production's audio bytes; compare them, and write the recordings and "
        "one HTML report to build/.",
        epilog=f"Scenarios: {', '.join(_SCENARIOS)}. Variants: {variants}.",
    )
    replay.add_argument("--full", action="store_true", help="send all of production's audio bytes")
    replay.add_argument(
        "--variant",
        metavar="NAME",
        choices=VARIANTS,
        action="append",
        help="only this one; can be given more than once, to compare any: " + variants,
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
        help="write the recording there too; with one --variant only",
    )
    replay.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    variants = list(dict.fromkeys(arguments.variant or COMPARED))
    if arguments.json and len(variants) > 1:
        raise CommandError("--json holds the recording of one variant: give one --variant NAME")
    scenario = load_scenario(arguments.scenario)
    if arguments.full:
        scenario = scenario.at_scale(FULL)
    paths = [_recording_path(scenario, variant) for variant in variants]
    check_writable(REPORT, *paths, *([arguments.json] if arguments.json else []))
    make_room_for(scenario.device_count)
    at_once = _how_many_at_once(scenario, len(variants))

    with Progress(Console(stderr=True), scenario.duration, variants) as progress:
        timed = replay_side_by_side(
            scenario, variants, at_once=at_once, on_progress=progress.advance
        )
    _publish(timed, paths, arguments.json)


def _publish(timed: Sequence[TimedRecording], paths: Sequence[Path], copy: Path | None) -> None:
    recordings = [each.recording for each in timed]
    for recording, path in zip(recordings, paths, strict=True):
        recording.save(path)
    if copy:
        recordings[0].save(copy)
    from ghosts.report.html import write_report  # loads matplotlib: half a second

    write_report(recordings, REPORT)
    print_comparison(recordings, [each.wall_seconds for each in timed])
    for path in (*paths, *([copy] if copy else [])):
        print(f"Recording: {path}")
    print(f"Report: {REPORT}")


def print_comparison(recordings: Sequence[Recording], wall_seconds: Sequence[float]) -> None:
    """Print a row a figure and a column a recording, and what neither gauge nor TCP shows.

    Production's figures have a column, with their sources, if they are comparable.
    """
    console = console_of(_WIDTH)
    rows = compare(recordings)
    beside_production = replay_production(recordings)
    sources = list(dict.fromkeys(row.source for row in rows if row.source))
    title = Text(f"{recordings[0].scenario.name}, at its end")
    table = Table(title=title, title_justify="left")
    table.box, table.show_edge, table.pad_edge = box.SIMPLE_HEAD, False, False
    table.add_column("")
    for recording in recordings:
        table.add_column(recording.variant, justify="right")
    if beside_production:
        table.add_column("production", justify="right")
    for row in rows:
        on_record = [_with_footnote(row, sources)] if beside_production else []
        table.add_row(row.name, *row.replayed, *on_record)
    table.add_row("real time", *(f"{seconds:.1f} s" for seconds in wall_seconds))
    console.print(table)
    for recording in recordings:
        if unseen := unseen_in_words(recording):
            console.print(f"\nUnder {recording.variant}, {unseen}.", markup=False)
    words = [NAMES_IN_WORDS]
    if beside_production:
        notes = (f"[{number}] {source}" for number, source in enumerate(sources, 1))
        console.print(f"\nProduction: {name_of_pod()}.", *notes, sep="\n", markup=False)
        words.append(PRODUCTION_IN_WORDS)
    console.print(f"\n{' '.join(words)} {scale_in_words(recordings[0])}\n")


def _with_footnote(row: Row, sources: Sequence[str]) -> Text:
    if not row.source:
        return Text(row.production)
    return Text(f"{row.production} [{sources.index(row.source) + 1}]")


def _recording_path(scenario: Scenario, variant: str) -> Path:
    name = re.sub(r"[^\w-]+", "_", scenario.name)
    scale = "full" if scenario.scale == FULL else "tenth"
    return BUILD / "recordings" / f"{name}_{scale}_{variant}.json"


def _how_many_at_once(scenario: Scenario, variants: int) -> int:
    """Return how many replays the cores and the free memory allow at the same time."""
    need, free = _need(scenario), free_memory()
    if free < need:
        advice = "replay without --full" if scenario.scale == FULL else "take fewer devices"
        raise CommandError(
            f"one replay needs {need / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free: "
            f"free some, or {advice}"
        )
    return min(variants, cores(), free // need)


def _need(scenario: Scenario) -> int:
    """Return the most bytes of memory that a replay takes: when nothing is ever uploaded."""
    seconds = min(scenario.audio_seconds, scenario.device_count * _KEPT_SECONDS)
    return int(_BASE_BYTES + _PER_AUDIO_BYTE * audio_bytes(seconds, scenario.sample_rate))
