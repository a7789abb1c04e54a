"""Every session of a replay as a bar over time, above the counts that it adds to."""

import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from ghosts.config import GHOST_AFTER, STORAGE_WORKERS
from ghosts.plots.fault_names import settle_fault_names
from ghosts.plots.lane import Lane, Span, lanes_of
from ghosts.plots.recordings import (
    all_blocked_at,
    end_name,
    names_of,
    shade_faults,
    shade_half_open,
    shade_the_gap,
)
from ghosts.plots.style import (
    BLOCKED,
    DRAINING,
    GAUGE,
    GHOSTS,
    HALF_OPEN,
    INK,
    LIMIT,
    TALLEST,
    TCP,
    TEXT_SIZE,
    TITLE_LETTERS,
    TITLE_SIZE,
    Figure,
    Look,
    columns_beside,
    count,
    crowded,
    figure,
    finding,
    label_end,
    label_line_end,
    legible,
    minutes_axis,
)
from ghosts.records.recording import Recording

_ROWS: Final = (3.6, 1.5, 1.0)
"""Heights of lanes, connections and blocked workers, relative to each other."""
_LANES_PIXELS: Final = 330
"""About the height of the lanes' axes."""
_APART: Final = 4
"""Pixels of a lane from which on there is room for a gap between bars."""
_ARROW_PIXELS: Final = 13
_TO_THE_NEXT: Final = -0.4
"""Of the height of axes: as far down does a line go on that ends in the axes below."""
_MARK_LETTERS: Final = (40, 20, 14)
"""Letters in a row of the words beside the line, where one, two or three columns are drawn."""
_MOST: Final = 3


class State(NamedTuple):
    """A state of a session, and how its bars are drawn."""

    name: str
    meaning: str
    look: Look
    strength: float
    """Of its colour, from white: bars are opaque, and a single one has to be seen."""
    of: Callable[[Lane, float], Span | None]
    rare: bool = False
    """Whether it is explained only where there is a bar of it."""


STATES: Final = (
    State("connected", "", TCP, 0.85, Lane.connected),
    State("half-open", "", HALF_OPEN, 0.85, Lane.half_open, rare=True),
    State("draining", f"disconnected for up to {GHOST_AFTER:g} s", DRAINING, 0.35, Lane.draining),
    State("ghost", f"disconnected for over {GHOST_AFTER:g} s", GHOSTS, 0.75, Lane.ghost),
)


def lanes(*recordings: Recording) -> Figure:
    """Draw every session as a bar, above gauge and TCP, above the blocked workers.

    There is a column per recording. A bar that ends in an arrow is a ghost that outlives the
    recording; the line through a column is where all workers are blocked. Raises ValueError if
    there are not one to three recordings.
    """
    if not 1 <= len(recordings) <= _MOST:
        raise ValueError(f"should be one to three recordings; got {len(recordings)}")
    columns = len(recordings)
    fig, axes = figure(
        3,
        columns,
        height=TALLEST,
        sharex=True,
        sharey="row",
        gridspec_kw={"height_ratios": _ROWS},
    )
    bars, connections, workers = (axes[row * columns : (row + 1) * columns] for row in range(3))
    sessions = [lanes_of(recording) for recording in recordings]
    axes[0].set_xlim(0, max(recording.last.t for recording in recordings))
    _set_rows(bars[0], max(map(len, sessions)))
    _set_counts(connections[0], recordings)
    workers[0].set(
        ylim=(0, 1.25 * STORAGE_WORKERS), yticks=(0, STORAGE_WORKERS // 2, STORAGE_WORKERS)
    )
    names = names_of(recordings)
    for column, recording in enumerate(recordings):
        own = [axes[row * columns + column] for row in range(3)]
        _draw_lanes(bars[column], sessions[column], recording.last.t)
        _draw_counts(connections[column], recording)
        _draw_blocked(workers[column], recording)
        _mark_all_blocked(own, all_blocked_at(recording))
        _say(bars[column], f"{names[column]}: {_finding(sessions[column], recording.last.t)}")
        minutes_axis(workers[column])
    bars[0].set_ylabel("sessions, in order\nof opening")
    connections[0].set_ylabel("connections")
    workers[0].set_ylabel("blocked\nworkers")
    for ax in axes[::columns]:
        ax.yaxis.label.set_fontsize(TEXT_SIZE)  # three labels below each other in one figure
    fig.align_ylabels(axes[::columns])
    _explain(fig, half_open=any(lane.vanished is not None for each in sessions for lane in each))
    settle_fault_names(fig)
    return fig


def _set_rows(ax: Axes, sessions: int) -> None:
    ax.set_ylim(0, 1.15 * max(1, sessions))
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.grid(visible=False, axis="y")


def _set_counts(ax: Axes, recordings: Sequence[Recording]) -> None:
    top = max(max(each.gauge, each.tcp) for one in recordings for each in one.samples)
    ax.set_ylim(-0.04 * max(1, top), 1.25 * max(1, top))
    ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))


def _draw_lanes(ax: Axes, sessions: Sequence[Lane], until: float) -> None:
    """Draw a collection of bars per state, and name at the right what there is at the end."""
    room = _LANES_PIXELS / ax.get_ylim()[1]
    gap = 0.1 if room >= _APART else 0.0
    at_end: list[tuple[State, list[int]]] = []
    for state in STATES:
        spans = [(row, state.of(lane, until)) for row, lane in enumerate(sessions)]
        drawn = [(row, span) for row, span in spans if span is not None]
        if not drawn and state.rare:
            continue
        ax.add_collection(_bars(drawn, gap, state), autolim=False)
        lasting = [row for row, span in drawn if span[1] == until and sessions[row].ended is None]
        if lasting:
            at_end.append((state, lasting))
    for state, rows in at_end:
        if state.look is GHOSTS:
            _draw_arrows(ax, rows, until, room)
        noun = count(len(rows), state.name) if state.look is GHOSTS else f"{len(rows)} {state.name}"
        middle = float(np.mean(rows)) + 0.5
        label_end(ax, until, middle, end_name(ax, noun), state.look.color, gap=12)


def _bars(spans: Iterable[tuple[int, Span]], gap: float, state: State) -> PolyCollection:
    """Make bars of one row each, opaque and on whole pixels, so that hundreds stay crisp."""
    corners = [
        [(start, row + gap), (start, row + 1 - gap), (end, row + 1 - gap), (end, row + gap)]
        for row, (start, end) in spans
    ]
    bars = PolyCollection(corners, antialiased=False, zorder=2, **_paint(state))
    bars.set_snap(True)
    return bars


def shade_of(state: State) -> npt.NDArray[np.float64]:
    """Return red, green and blue of the bars of a state, from 0 to 1."""
    return state.strength * np.array(to_rgb(state.look.color)) + (1 - state.strength)


def _paint(state: State) -> dict[str, Any]:
    lines = {"edgecolor": legible(state.look.color), "hatch": state.look.hatch, "linewidth": 0}
    return {"facecolor": shade_of(state), **lines}


def _draw_arrows(ax: Axes, rows: Sequence[int], until: float, room: float) -> None:
    """Draw arrows at the right ends of these rows, as many as stand clear of each other."""
    ends: list[float] = []
    for row in rows:
        if not ends or (row + 0.5 - ends[-1]) * room >= _ARROW_PIXELS:
            ends.append(row + 0.5)
    (arrows,) = ax.plot([until] * len(ends), ends, clip_on=False, zorder=4, **GHOSTS.points)
    arrows.set(marker=">", markersize=6, color=legible(GHOSTS.color))


def _draw_counts(ax: Axes, recording: Recording) -> None:
    seconds = [sample.t for sample in recording.samples]
    gauge = [sample.gauge for sample in recording.samples]
    tcp = [sample.tcp for sample in recording.samples]
    shade_the_gap(ax, recording)
    shade_half_open(ax, recording)
    lines = [ax.plot(seconds, gauge, **GAUGE.line)[0], ax.plot(seconds, tcp, **TCP.line)[0]]
    for line, name in zip(lines, (f"gauge {gauge[-1]}", f"TCP {tcp[-1]}"), strict=True):
        label_line_end(ax, line, end_name(ax, name))
    shade_faults(ax, recording, least_share=1.0)


def _draw_blocked(ax: Axes, recording: Recording) -> None:
    seconds = [sample.t for sample in recording.samples]
    blocked = [sample.workers_blocked for sample in recording.samples]
    ax.axhline(STORAGE_WORKERS, zorder=1.5, **LIMIT.line)
    ax.fill_between(seconds, blocked, **BLOCKED.area)
    (line,) = ax.plot(seconds, blocked, **BLOCKED.line)
    label_line_end(ax, line, end_name(ax, f"{blocked[-1]} of {STORAGE_WORKERS}"))


def _mark_all_blocked(column: Sequence[Axes], at: float | None) -> None:
    """Draw a thin line through a column, and say in its first axes what it marks."""
    if at is None:
        return
    for ax in column:
        below = 0 if ax is column[-1] else _TO_THE_NEXT
        line = ax.axvline(at, ymin=below, color=INK, linewidth=1.2, zorder=3, clip_on=False)
        line.set_in_layout(False)
    late = at > 0.6 * column[0].get_xlim()[1]
    said = f"minute {round(at / 60)}: all {STORAGE_WORKERS} workers blocked"
    # The longest line first: bars rise into the corner at the right.
    letters = _MARK_LETTERS[columns_beside(column[0]) - 1]
    column[0].annotate(
        textwrap.fill(said, letters),
        xy=(at, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-6 if late else 6, -2),
        textcoords="offset points",
        ha="right" if late else "left",
        va="top",
        fontsize=TEXT_SIZE,
        color=INK,
        zorder=5,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )


def _finding(sessions: Sequence[Lane], until: float) -> str:
    """Return how many of the disconnected sessions never ended, or how soon they did."""
    if not sessions:
        return "no sessions"
    half_open = sum(
        lane.ended is None and lane.gone is None and lane.vanished is not None for lane in sessions
    )
    if half_open:
        return f"{half_open} of {count(len(sessions), 'session')} half-open at the end"
    over = [lane for lane in sessions if lane.gone is not None or lane.ended is not None]
    if not over:
        return f"{count(len(sessions), 'session')}, none disconnected"
    ghosts = sum(lane.ended is None and lane.ghost(until) is not None for lane in over)
    if ghosts:
        return f"{ghosts} of {count(len(over), 'session')} never ended after disconnect"
    drains = [lane.drain_seconds for lane in over if lane.drain_seconds is not None]
    if not drains:
        return f"{count(len(over), 'session')} draining"
    some = "every session" if len(drains) == len(over) else f"{len(drains)} of {len(over)} sessions"
    return f"{some} ended within {max(1, math.ceil(round(max(drains), 3)))} s of disconnect"


def _say(ax: Axes, title: str) -> None:
    """Put a title above its column, on two lines where it does not fit on one."""
    size = TEXT_SIZE if crowded(ax) else TITLE_SIZE
    letters = TITLE_LETTERS * TITLE_SIZE // size // columns_beside(ax)
    finding(ax, textwrap.fill(title, letters), size)


def _explain(fig: Figure, *, half_open: bool) -> None:
    """Name the states in a line above all, without a box."""
    handles = [
        Patch(**_paint(state), label=f"{state.name}: {state.meaning}".removesuffix(": "))
        for state in STATES
        if half_open or not state.rare
    ]
    fig.legend(
        handles=handles,
        loc="outside upper left",
        ncols=len(handles),
        frameon=False,
        fontsize=TEXT_SIZE,
        labelcolor=INK,
        borderaxespad=0.2,
    )
