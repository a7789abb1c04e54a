"""The subcommand ``ghosts check``: the same faults and the same look, for a service of your own."""

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.style import Style
from rich.text import Text

from ghosts.cli.check_options import cells_of, service_of
from ghosts.cli.check_progress import trying
from ghosts.cli.checks import CommandError
from ghosts.processes import cores
from ghosts.simulation.open_files import make_room_for

if TYPE_CHECKING:
    from ghosts.check.check import Report

_EXTRA: Final = ("time_machine", "trustme", "uvicorn")
"""What is installed only with ``ghost-connections[check]``."""
_STYLES: Final = {
    "plain": Style(),
    "headline": Style(color="red", bold=True),
    "guilty": Style(bold=True),
    "faint": Style(dim=True),
    "clean": Style(color="green", bold=True),
}
"""By `ghosts.check.report.words.Kind`."""


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand to the parser's."""
    parser = commands.add_parser(
        "check",
        help="find ghost connections in a WebSocket service of your own",
        description="Run a WebSocket service unmodified on simulated time, break each of its "
        "dependencies in each way, let devices leave in each way, and report what is left behind: "
        "ghost connections, orphan tasks, wrong gauges, and the line of the service that holds "
        "them. Nothing leaves this machine: ghosts answers in place of each dependency.",
        epilog="Each experiment is a cell, named DEPENDENCY=MODE,DEPARTURE, such as "
        "storage.internal=never_answers,close; or healthy,DEPARTURE, in which nothing fails. "
        "The exit code is 0 if nothing was found, 1 if something was, 2 if an option is wrong or "
        "the service cannot be checked.",
    )
    parser.add_argument(
        "target",
        metavar="MODULE:ATTRIBUTE",
        help="an ASGI application, an aiohttp.web.Application, a handler of websockets, or a "
        "coroutine function that serves",
    )
    parser.add_argument(
        "--app-dir",
        default=".",
        metavar="DIR",
        help="where MODULE is imported from (the current folder)",
    )
    _add_devices(parser.add_argument_group("what devices do"))
    _add_dependencies(parser.add_argument_group("what the service calls"))
    _add_what(parser.add_argument_group("what is tried and reported"))
    parser.set_defaults(run=_run)


def _add_devices(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--path", default="/", help="path of the WebSocket (/)")
    group.add_argument(
        "--query",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="add a parameter to the path; can be given more than once",
    )
    group.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME:VALUE",
        help="send a header; can be given more than once",
    )
    group.add_argument(
        "--subprotocol",
        action="append",
        default=[],
        metavar="NAME",
        help="offer a subprotocol; can be given more than once",
    )
    group.add_argument(
        "--send",
        type=Path,
        metavar="FILE",
        help="frames that each device sends, again and again: a JSON list of "
        '"TEXT", {"text": "TEXT"}, {"json": VALUE} or {"base64": "BYTES"}, each sent 1 s after '
        'the one before, or after "pause": SECONDS (default: the text "ping")',
    )
    group.add_argument("--devices", type=int, default=5, metavar="N", help="how many (5)")
    group.add_argument(
        "--stay",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="simulated seconds until they leave (20)",
    )


def _add_dependencies(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--stub",
        action="append",
        default=[],
        metavar="HOST=MODULE:APP",
        help="what answers for a host, instead of 200 and {}: an ASGI application, or a coroutine "
        "function of a stream reader and a stream writer; can be given more than once",
    )
    group.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="let the service reach a server that runs on this machine, such as localhost:6379; "
        "can be given more than once",
    )


def _add_what(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CELL",
        help="run this cell alone; can be given more than once",
    )
    group.add_argument(
        "--gauge",
        metavar="NAME",
        help="the Prometheus gauge of connections (default: each one that rises with them)",
    )
    group.add_argument(
        "--seconds",
        type=float,
        default=50.0,
        help="start no further cell after this time; cells of --only always run (50)",
    )
    group.add_argument(
        "--real-time",
        action="store_true",
        help="by the wall clock, with shorter waits: for a service that blocks its event loop, or "
        "has other loops or processes",
    )
    group.add_argument(
        "--html", type=Path, metavar="FILE", help="write a report for a browser, with every cell"
    )
    group.add_argument(
        "--json", type=Path, metavar="FILE", help="write a report for programs, with every cell"
    )


def _run(arguments: argparse.Namespace) -> int:
    if missing := [name for name in _EXTRA if find_spec(name) is None]:
        raise CommandError(
            f"ghosts check needs {' and '.join(missing)}: install ghost-connections[check]"
        )
    service, only = service_of(arguments), cells_of(arguments)
    make_room_for(service.devices)
    from ghosts.check.process import check  # needs what was looked for above

    with trying(Console(stderr=True), service.name) as show:
        report = check(
            service, only=only, at_once=cores(), seconds=arguments.seconds, on_progress=show
        )
    _publish(report, arguments)
    return 1 if report.findings else 0


def _publish(report: "Report", arguments: argparse.Namespace) -> None:
    from ghosts.check.report.as_json import write_json
    from ghosts.check.report.html import write_html
    from ghosts.check.report.words import lines

    # The files first: standard output may be full, or a pipe that nobody reads any more.
    if arguments.html is not None:
        write_html(report, arguments.html)
    if arguments.json is not None:
        write_json(report, arguments.json)
    console = Console(highlight=False)
    for line in lines(report):
        console.print(Text(line.text, _STYLES[line.kind]), soft_wrap=True)
    if arguments.html is not None:
        print(f"Report: {arguments.html}")
    if arguments.json is not None:
        print(f"JSON: {arguments.json}")
