"""The subcommand ``ghosts report``: the HTML report, or a postmortem, from saved recordings."""

import argparse
from pathlib import Path
from typing import Any, Final

from ghosts.cli.checks import BUILD, REPORT, CommandError, check_writable
from ghosts.records.recording import load_with_samples

_PAGE: Final = BUILD / "postmortem.html"
_MARKDOWN: Final = BUILD / "postmortem.md"


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand to the parser's."""
    report = commands.add_parser(
        "report",
        help="make the HTML report, or a postmortem, from saved recordings",
        description="Make one self-contained HTML report from recordings of one scale. With "
        "--postmortem: a blameless postmortem, as HTML and as Markdown.",
    )
    report.add_argument(
        "recordings",
        metavar="RECORDING.json",
        type=Path,
        nargs="*",
        help="with --postmortem: of the incident's scenario; default: those that its file names",
    )
    report.add_argument(
        "--postmortem",
        action="store_true",
        help=f"write {_PAGE} and {_MARKDOWN}: of this project's incident, or of --incident",
    )
    report.add_argument(
        "--incident",
        metavar="FILE.toml",
        type=Path,
        help="with --postmortem: what you wrote of an incident of your own",
    )
    report.add_argument(
        "--new",
        metavar="FILE.toml",
        type=Path,
        help="with --postmortem: write a file to fill for an incident of your own, then stop",
    )
    report.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    if arguments.postmortem:
        _postmortem(arguments)
        return
    for option in ("incident", "new"):
        if getattr(arguments, option):
            raise CommandError(f"--{option} is of a postmortem: add --postmortem")
    if not arguments.recordings:
        raise CommandError("no recordings: give at least one RECORDING.json, or --postmortem")
    recordings = [load_with_samples(path) for path in arguments.recordings]
    if len({recording.scale for recording in recordings}) > 1:
        raise CommandError("the recordings have different scales: report on each scale separately")
    check_writable(REPORT)
    from ghosts.report.html import write_report  # loads matplotlib: half a second

    write_report(recordings, REPORT)
    print(f"Report: {REPORT}")


def _postmortem(arguments: argparse.Namespace) -> None:
    # Loads matplotlib: half a second.
    from ghosts import postmortem

    if arguments.new and (arguments.incident or arguments.recordings):
        raise CommandError("--new writes a file to fill, and nothing else: give it alone")
    if arguments.new:
        postmortem.write_template(arguments.new)
        print(f"To be filled: {arguments.new}")
        print(f"Then: ghosts report --postmortem --incident {arguments.new} RECORDING.json ...")
        return
    incident = postmortem.load_incident(*filter(None, [arguments.incident]))
    recordings = postmortem.recordings_of(incident, arguments.recordings)
    check_writable(_PAGE, _MARKDOWN, _MARKDOWN.with_suffix("") / "timeline.png")
    composed = postmortem.compose(incident, recordings)
    folder = postmortem.write_postmortem(composed, _PAGE, _MARKDOWN)
    print(f"Postmortem: {_PAGE}")
    print(f"Markdown: {_MARKDOWN}, with its pictures in {folder}")
    print(f"To be filled: {len(composed.open_parts) or 'nothing'}")
    for part in composed.open_parts:
        print(f"- {part}")
