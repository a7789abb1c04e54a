"""The subcommand ``ghosts mechanisms``: which candidate explains which observation."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from ghosts.cli.checks import CommandError, check_writable
from ghosts.cli.console import console_of
from ghosts.cli.progress import counting
from ghosts.evidence import MIB, fact
from ghosts.mechanisms import (
    CANDIDATES,
    CLAIMS,
    SESSION_LENGTHS,
    SessionLengthRun,
    candidate,
    plan_fleet,
    replay_fleet,
    replay_session_lengths,
    run_mechanisms,
    write_fleet,
    write_session_lengths,
    write_verdicts,
)
from ghosts.mechanisms.fleet_csv import samples_beside
from ghosts.processes import cores, processes
from ghosts.records.candidate_runs import Answer, PodRun, Verdict
from ghosts.records.scenario import TENTH

_WIDTH: Final = 120
_STYLES: Final = {
    Answer.EXPLAINS: Style(color="cyan"),
    Answer.CONTRADICTS: Style(color="red", bold=True),
    Answer.CANNOT_TELL: Style(dim=True),
}


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Add the subcommand to the parser's."""
    mechanisms = commands.add_parser(
        "mechanisms",
        help="compare candidates for the cause with what was observed",
        description="Replay each candidate for the cause, and print which observations it explains "
        "and which it contradicts. With --fleet, replay many pods under one candidate instead; "
        "with --session-lengths, one candidate under several lengths of sessions.",
        epilog=f"Candidates: {', '.join(one.name for one in CANDIDATES)}.",
    )
    mechanisms.add_argument(
        "--candidate",
        metavar="NAME",
        action="append",
        help="only this candidate; without --fleet it can be given more than once",
    )
    mechanisms.add_argument(
        "--fleet", metavar="N", type=int, help="with --candidate: replay a fleet of N pods"
    )
    mechanisms.add_argument(
        "--minutes",
        metavar="M",
        type=int,
        help="with --fleet: replay the first M simulated minutes; default: all 190",
    )
    mechanisms.add_argument(
        "--session-lengths",
        action="store_true",
        help="replay fixed and random session lengths, and print memory per ghost and growth",
    )
    mechanisms.add_argument(
        "--csv",
        metavar="FILE",
        type=Path,
        help="write the table there too; of a fleet, samples go to FILE_samples.csv beside it",
    )
    mechanisms.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    _check(arguments)
    if arguments.csv:
        beside = [samples_beside(arguments.csv)] if arguments.fleet is not None else []
        check_writable(arguments.csv, *beside)
    if arguments.session_lengths:
        _replay_session_lengths(arguments.csv)
    elif arguments.fleet is not None:
        _replay_fleet(arguments)
    else:
        _judge(arguments)
    if arguments.csv:
        print(f"Table: {arguments.csv}")


def _check(arguments: argparse.Namespace) -> None:
    """Raise CommandError for arguments that do not go together."""
    fleet, names = arguments.fleet is not None, arguments.candidate or ()
    if fleet and len(names) != 1:
        raise CommandError("--fleet needs one candidate: add --candidate NAME")
    if arguments.minutes is not None and not fleet:
        raise CommandError("--minutes needs a fleet: add --fleet N")
    if arguments.minutes is not None and arguments.minutes < 1:
        raise CommandError(f"--minutes: should be 1 or more; got {arguments.minutes}")
    if arguments.session_lengths and (fleet or names):
        raise CommandError(
            "--session-lengths cannot be combined: leave out --fleet and --candidate"
        )


@contextmanager
def _replays(total: int, what: str) -> Iterator[tuple[Executor, Callable[[], None]]]:
    """Show progress; yield processes to replay in, and the function to call after each replay."""
    with (
        counting(Console(stderr=True), total, what) as advance,
        processes(min(cores(), total)) as executor,
    ):
        yield executor, advance


def _judge(arguments: argparse.Namespace) -> None:
    named = {candidate(name).name for name in arguments.candidate or ()}
    chosen = [one for one in CANDIDATES if not named or one.name in named]
    with _replays(2 * len(chosen), "replays") as (executor, advance):
        verdicts = run_mechanisms(executor, chosen, on_replay=advance)
    print_verdicts(verdicts)
    if arguments.csv:
        write_verdicts(verdicts, arguments.csv)


def _replay_fleet(arguments: argparse.Namespace) -> None:
    chosen = candidate(arguments.candidate[0])
    count = len(plan_fleet(arguments.fleet))
    with _replays(count, "pods") as (executor, advance):
        fleet = replay_fleet(
            executor,
            chosen,
            pods=count,
            minutes=arguments.minutes,
            on_pod=lambda run: advance(),
        )
    print_fleet(fleet)
    if arguments.csv:
        write_fleet(fleet, arguments.csv)


def _replay_session_lengths(csv: Path | None) -> None:
    with _replays(len(SESSION_LENGTHS), "replays") as (executor, advance):
        runs = replay_session_lengths(executor, on_replay=advance)
    print_session_lengths(runs)
    if csv:
        write_session_lengths(runs, csv)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(columns[0], no_wrap=True)
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def words(answer: Answer) -> str:
    """Return an answer in words."""
    return answer.value.replace("_", " ")


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print verdicts: a row per candidate, a column per observation; below, the reasons."""
    console = console_of(_WIDTH)
    observations = list(dict.fromkeys(one.observation for one in verdicts))
    rows: dict[str, list[Verdict]] = {}
    for one in verdicts:
        rows.setdefault(one.candidate, []).append(one)
    table = _table("", *observations)
    for name, row in rows.items():
        table.add_row(name, *(Text(words(one.answer), _STYLES[one.answer]) for one in row))
    console.print(table)
    console.print()
    for observation in observations:
        console.print(f"{observation}  {CLAIMS[observation]}", soft_wrap=True)
    for name, row in rows.items():
        console.print(f"\n{name}: {candidate(name).claim}", soft_wrap=True)
        for one in row:
            line = Text(f"{one.observation}  ").append(words(one.answer), _STYLES[one.answer])
            console.print(line.append(f": {one.reason}"), soft_wrap=True)


def print_fleet(fleet: Sequence[PodRun]) -> None:
    """Print a fleet: a row per pod."""
    table = _table(
        "pod", "connections", "TCP mean", "gauge", "ghosts", "blocked workers", "16th at min", "MiB"
    )
    for run in fleet:
        sixteenth = "never" if run.sixteenth_minute is None else f"{run.sixteenth_minute}"
        counts = run.gauge, run.ghosts, run.blocked_workers
        table.add_row(
            f"{run.pod}",
            f"{run.connections}",
            f"{run.tcp_mean:.1f}",
            *map(str, counts),
            sixteenth,
            f"{run.held_bytes / TENTH / MIB:,.0f}",
        )
    console = console_of(_WIDTH)
    console.print(table)
    console.print(
        f"\n{sum(run.ghosts for run in fleet)} ghosts on {len(fleet)} pods. MiB: audio that ghosts "
        "hold, at full scale.",
        soft_wrap=True,
    )


def print_session_lengths(runs: Sequence[SessionLengthRun]) -> None:
    """Print the results of each session length, beside the record."""
    table = _table(
        "",
        "minutes",
        "ghosts",
        "MiB per ghost",
        "mean",
        "middle half",
        "MB per 10 min before",
        "after",
    )
    for run in runs:
        table.add_row(
            run.scenario,
            f"{run.minutes}",
            f"{run.ghosts}",
            f"{run.mib_per_ghost:.1f}",
            f"{run.mib_per_ghost_mean:.1f}",
            f"{run.mib_per_ghost_low:.1f} to {run.mib_per_ghost_high:.1f}",
            f"{run.growth_before_mb:.0f}",
            f"{run.growth_after_mb:.0f}",
        )
    memory, growth = fact("memory_per_ghost").value, fact("allocator_probe_rss_growth").value
    table.add_row("on record", "", "", "", f"{memory:.0f}", "", "", f"{growth:.0f}")
    console = console_of(_WIDTH)
    console.print(table)
    console.print(
        "\nGrowth of queued audio, from minute 20 until all upload workers are blocked, and from "
        "then on. The record does not say in which of the two states its pod was (omi#6938).",
        soft_wrap=True,
    )
