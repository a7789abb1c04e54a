"""The timeline of an incident: its phases as bars, and below them what happened, in UTC."""

import datetime as dt
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

from ghosts.plots.style import (
    FAINT,
    GAUGE,
    GRID,
    INK,
    MEMORY,
    OURS,
    PODS,
    Figure,
    figure,
    finding,
    legible,
    write,
)
from ghosts.records.moment import Moment

MOST_ROWS: Final = 17
"""Phases and entries together, in a picture of 700 pixels."""
_LOOKS: Final = (PODS, GAUGE, OURS, MEMORY)
_LETTERS: Final = 120
"""As many fit into a row, beside what is drawn in it."""
_ROW: Final = 0.315
"""Inches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of an incident, and how long it took in words."""

    name: str
    start: Moment
    end: Moment
    took: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that happened; ``mark`` says which step of the incident it is, if any."""

    at: Moment
    event: str
    mark: str = ""


def timeline(title: str, happened: Sequence[Happened], phases: Sequence[Phase]) -> Figure:
    """Draw phases as bars and, below, a row for each thing that happened; up to 17 rows in all.

    Raises ValueError if nothing happened, or if there are more.
    """
    rows = len(phases) + len(happened)
    if not happened or rows > MOST_ROWS:
        raise ValueError(f"should be 1 entry or more, and {MOST_ROWS} rows at most; got {rows}")
    fig, (ax,) = figure(height=_ROW * rows + 1.75)
    ends = [end for phase in phases for end in (phase.start, phase.end)]
    first, last = _limits([*(one.at for one in happened), *ends])
    ax.set_xlim(first, last)
    ax.set_ylim(rows - 0.4, -0.7)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.grid(visible=False, axis="y")
    middle = (first + last) / 2
    for row, phase in enumerate(phases):
        _draw_phase(ax, row, phase, _LOOKS[row % len(_LOOKS)].color, middle)
    for row, one in enumerate(happened, len(phases)):
        _draw_event(ax, row, one, middle)
    _axis_in_utc(ax)
    ax.set_xlabel(f"{_years(happened)}, UTC")
    finding(ax, textwrap.fill(title, 76))
    fig.details = [*_in_words(happened, phases)]
    return fig


def _axis_in_utc(ax: Axes) -> None:
    # matplotlib has no types for these two.
    locator: Any = AutoDateLocator(tz=dt.UTC, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    concise: Any = ConciseDateFormatter
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(concise(locator, tz=dt.UTC, show_offset=False))


def _draw_phase(ax: Axes, row: int, phase: Phase, color: str, middle: float) -> None:
    start, end = _number(phase.start), _number(phase.end)
    ax.barh(row, end - start, left=start, height=0.62, color=color)
    words = f"{phase.name}: {phase.took}"
    _write_beside(ax, row, (start, end), words, middle, color=legible(color), fontweight="bold")


def _draw_event(ax: Axes, row: int, one: Happened, middle: float) -> None:
    at = _number(one.at)
    marker, color = ("D", INK) if one.mark else ("o", FAINT)
    ax.axhline(row, color=GRID, linewidth=0.8, zorder=0.5)
    ax.plot([at], [row], marker=marker, color=color, markersize=8)
    date, mark = f"{_short(one.at)}  ", f"  [{one.mark}]" if one.mark else ""
    first, last = ax.get_xlim()
    part = max(at - first, last - at) / (last - first)
    room = int(part * _LETTERS) - len(date + mark)
    words = f"{date}{textwrap.shorten(one.event, room, placeholder=' ...')}{mark}"
    _write_beside(ax, row, (at, at), words, middle, color=legible(color))


def _write_beside(
    ax: Axes, row: int, drawn: tuple[float, float], words: str, middle: float, **how: Any
) -> None:
    """Write right of what was drawn, or left of it where it ends in the right half."""
    start, end = drawn
    gap = 0.012 * (ax.get_xlim()[1] - ax.get_xlim()[0])
    left = (start + end) / 2 > middle
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    x, side = (start - gap, "right") if left else (end + gap, "left")
    text = write(ax, x, row, words, ha=side, va="center", bbox=box, **how)
    text.set_in_layout(False)  # The axes are as wide as the figure, whatever stands in them.


def _limits(moments: Sequence[Moment]) -> tuple[float, float]:
    """Return the first and the last moment, with some room on either side."""
    numbers = [_number(one) for one in moments]
    room = 0.02 * (max(numbers) - min(numbers)) or 1 / 24
    return min(numbers) - room, max(numbers) + room


def _number(at: Moment) -> float:
    return float(date2num(at.start))  # type: ignore[no-untyped-call]


def _short(at: Moment) -> str:
    return f"{at.day.day} {at.day:%b}" + (f" {at.time:%H:%M}" if at.time else "")


def _years(happened: Sequence[Happened]) -> str:
    years = sorted({one.at.day.year for one in happened})
    return f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"


def _in_words(happened: Sequence[Happened], phases: Sequence[Phase]) -> Iterator[str]:
    for phase in phases:
        yield f"{phase.name}: {phase.took}, from {phase.start} to {phase.end}".capitalize()
    for one in happened:
        if one.mark:
            yield f"{one.at}: {one.event} ({one.mark})"
