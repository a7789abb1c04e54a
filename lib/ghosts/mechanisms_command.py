"""The command ``ghosts mechanisms``: which candidate explains which observation."""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from ghosts.paths import DATA
from ghosts.progress import counting
from ghosts.records.scenario import ScenarioError

_CANDIDATES: Final = sorted(
    path.stem
    for path in (DATA / "mechanisms").glob("*.toml")
    if not path.stem.startswith("c_exponential")
)


def add_mechanisms(
    commands: "argparse._SubParsersAction[Any]",
    check_writable: Callable[..., object],
    cores: Callable[[], int],
) -> None:
    """Add the command to a parser's.

    ``check_writable`` is called with the files to be written, before anything is replayed;
    ``cores`` returns how many processes may run at the same time.
    """
    mechanisms = commands.add_parser(
        "mechanisms",
        help="compare candidates for the cause with what was observed",
        description="Replay each candidate for the cause, and print which observations it explains "
        "and which it contradicts. With --fleet, replay many pods under one candidate instead; "
        "with --session-lengths, one candidate under several lengths of sessions.",
        epilog=f"Candidates: {', '.join(_CANDIDATES)}.",
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
    mechanisms.set_defaults(run=lambda arguments: _run(arguments, check_writable, cores))


def _run(
    arguments: argparse.Namespace,
    check_writable: Callable[..., object],
    cores: Callable[[], int],
) -> None:
    _check(arguments)
    from ghosts.evidence import EvidenceError  # These load scipy: a second.
    from ghosts.mechanisms.fleet_csv import samples_beside

    if arguments.csv:
        beside = [samples_beside(arguments.csv)] if arguments.fleet is not None else []
        check_writable(arguments.csv, *beside)
    try:
        if arguments.session_lengths:
            _session_lengths(arguments.csv, cores())
        elif arguments.fleet is not None:
            _fleet(arguments, cores())
        else:
            _table(arguments, cores())
    except EvidenceError as error:
        raise ScenarioError(str(error)) from None
    if arguments.csv:
        print(f"Table: {arguments.csv}")


def _check(arguments: argparse.Namespace) -> None:
    """Raise ScenarioError for arguments that do not go together."""
    fleet, names = arguments.fleet is not None, arguments.candidate or ()
    if fleet and len(names) != 1:
        raise ScenarioError("--fleet is of one candidate: add --candidate NAME")
    if arguments.minutes is not None and not fleet:
        raise ScenarioError("--minutes is of a fleet: add --fleet N")
    if arguments.minutes is not None and arguments.minutes < 1:
        raise ScenarioError(f"--minutes: should be 1 or more; got {arguments.minutes}")
    if arguments.session_lengths and (fleet or names):
        raise ScenarioError("--session-lengths stands alone: leave out --fleet and --candidate")


@contextmanager
def _replays(total: int, what: str, cores: int) -> Iterator[tuple[Executor, Callable[[], None]]]:
    """Show progress; yield processes to replay in, and what is to be called for each replay."""
    from ghosts.replay.processes import processes

    with (
        counting(Console(stderr=True), total, what) as advance,
        processes(min(cores, total)) as executor,
    ):
        yield executor, advance


def _table(arguments: argparse.Namespace, cores: int) -> None:
    from ghosts.mechanisms import CANDIDATES, candidate, run_mechanisms, write_verdicts
    from ghosts.mechanisms_table import print_verdicts

    asked = {candidate(name).name for name in arguments.candidate or ()}
    chosen = [one for one in CANDIDATES if not asked or one.name in asked]
    with _replays(2 * len(chosen), "replays", cores) as (executor, advance):
        verdicts = run_mechanisms(executor, chosen, on_replay=advance)
    print_verdicts(verdicts)
    if arguments.csv:
        write_verdicts(verdicts, arguments.csv)


def _fleet(arguments: argparse.Namespace, cores: int) -> None:
    from ghosts.mechanisms import candidate, plan_fleet, replay_fleet, write_fleet
    from ghosts.mechanisms_table import print_fleet

    chosen = candidate(arguments.candidate[0])
    count = len(plan_fleet(arguments.fleet))
    with _replays(count, "pods", cores) as (executor, advance):
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


def _session_lengths(csv: Path | None, cores: int) -> None:
    from ghosts.mechanisms import SESSION_LENGTHS, replay_session_lengths, write_session_lengths
    from ghosts.mechanisms_table import print_session_lengths

    with _replays(len(SESSION_LENGTHS), "replays", cores) as (executor, advance):
        runs = replay_session_lengths(executor, on_replay=advance)
    print_session_lengths(runs)
    if csv:
        write_session_lengths(runs, csv)
