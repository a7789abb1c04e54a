"""Candidates on a terminal: the table of verdicts, a fleet, and session lengths."""

from collections.abc import Sequence
from typing import Final

from rich import box
from rich.style import Style
from rich.table import Table
from rich.text import Text

from ghosts.evidence import MIB, fact
from ghosts.mechanisms import (
    CLAIMS,
    Answer,
    PodRun,
    SessionLengthRun,
    Verdict,
    candidate,
)
from ghosts.records.scenario import TENTH
from ghosts.terminal import console_of

_WIDTH: Final = 120
_STYLES: Final = {
    Answer.EXPLAINS: Style(color="cyan"),
    Answer.CONTRADICTS: Style(color="red", bold=True),
    Answer.CANNOT_TELL: Style(dim=True),
}


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
    """Print what each length of sessions comes to, beside the record."""
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
