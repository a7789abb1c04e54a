"""The subcommand ``ghosts report``: the HTML report from saved recordings."""

import argparse
from pathlib import Path
from typing import Any

from ghosts.cli.checks import REPORT, CommandError, check_writable
from ghosts.records.recording import Recording, RecordingError


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand to the parser's."""
    report = commands.add_parser(
        "report",
        help="make the HTML report from saved recordings",
        description="Make one self-contained HTML report from recordings of one scale.",
    )
    report.add_argument("recordings", metavar="RECORDING.json", type=Path, nargs="+")
    report.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    recordings = [_load(path) for path in arguments.recordings]
    if len({recording.scale for recording in recordings}) > 1:
        raise CommandError("the recordings have different scales: report on each scale separately")
    check_writable(REPORT)
    from ghosts.report.html import write_report  # loads matplotlib: half a second

    write_report(recordings, REPORT)
    print(f"Report: {REPORT}")


def _load(path: Path) -> Recording:
    recording = Recording.load(path)
    if not recording.samples:
        raise RecordingError(f"{path.name}: samples: should be at least one; got none")
    return recording
