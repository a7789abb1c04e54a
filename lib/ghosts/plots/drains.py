"""How long sessions outlive their devices, beside what production showed after its fix."""

import math
from collections import Counter
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ghosts.config import BG_DRAIN_TIMEOUT
from ghosts.evidence import DeployCheck
from ghosts.plots.recordings import names_of
from ghosts.plots.style import (
    GAUGE,
    GHOSTS,
    INK,
    LIMIT,
    TEXT_SIZE,
    Figure,
    count,
    figure,
    finding_of_all,
    legible,
    write,
)
from ghosts.records.recording import Recording

_NEVER = 1.12
"""Times the end of the scale: where the sessions stand that have not ended."""
_BESIDE = 100
"""As many points side by side in the width of the scale can be told apart."""
_ROW, _STEP = 0.55, 0.06
"""Of the distance between rows: the height of equal times above each other, and their steps."""
_RIM = 14
"""Points: the rims of points above each other, together, so that many do not end up all rim."""


def drain_durations(recordings: Sequence[Recording], published: DeployCheck) -> Figure:
    """Draw how long after its device each session ends: a row of points a recording.

    Sessions that have not ended when their recording does are at the right edge, as never. The
    band is what production measured, `evidence.deploy_check("drain duration", 0.25)`; the line
    is the bound of a drain. Raises ValueError for a recording in which no device leaves.
    """
    rows = [_durations(recording) for recording in recordings]
    ended = (seconds for row in rows for seconds in row if seconds < math.inf)
    end = 1.1 * max(BG_DRAIN_TIMEOUT, published.high, *ended)
    fig, (ax,) = figure(height=1.05 * len(rows) + 2.7)
    ax.set(xlim=(-0.02 * end, (_NEVER + 0.04) * end), ylim=(len(rows) - 0.5, -1.0))
    _mark_what_is_known(ax, published)
    for row, durations in enumerate(rows):
        _draw_row(ax, row, durations, end)
    names = names_of(recordings)
    sessions = [
        f"{name}\n{count(len(row), 'session')}" for name, row in zip(names, rows, strict=True)
    ]
    ax.set_yticks(range(len(rows)), sessions)
    ticks = [tick for tick in MaxNLocator(7).tick_values(0, end) if tick <= end]
    ax.set_xticks([*ticks, _NEVER * end], [*(f"{tick:g}" for tick in ticks), "never"])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("from a device's departure to the end of its session (simulated seconds)")
    finding_of_all(fig, _finding(names, rows, published))
    fig.details = [_in_words(name, row) for name, row in zip(names, rows, strict=True)]
    return fig


def _durations(recording: Recording) -> list[float]:
    """Return each session's seconds without its device, or infinity, in order of departure."""
    left, closed = recording.times("device_left"), recording.times("session_closed")
    if not left:
        raise ValueError(f"no device leaves in the recording of {recording.variant}")
    return [closed.get(who, math.inf) - at for who, at in left.items()]


def _draw_row(ax: Axes, row: int, durations: Sequence[float], end: float) -> None:
    """Draw the durations at a row, those that are as good as equal above each other."""
    places = [round(_BESIDE * min(seconds / end, _NEVER)) for seconds in durations]
    heights, drawn = Counter(places), Counter[int]()
    ended, never = [], []
    for seconds, place in zip(durations, places, strict=True):
        step = min(_STEP, _ROW / heights[place])
        y = row + step * (drawn[place] - (heights[place] - 1) / 2)
        drawn[place] += 1
        if seconds < math.inf:
            ended.append((seconds, y))
        else:
            never.append((_NEVER * end, y))
    rim = {"markeredgecolor": "white", "markeredgewidth": min(0.7, _RIM / max(heights.values()))}
    for points, look in ((ended, GAUGE), (never, GHOSTS)):
        if points:
            ax.plot(*zip(*points, strict=True), **{**look.points, "markersize": 8, **rim})
    if never:
        bold = {"ha": "right", "va": "center", "fontweight": "bold"}
        ink = legible(GHOSTS.color)
        write(ax, _NEVER * end, row, f"{count(len(never), 'session')}   ", color=ink, **bold)


def _mark_what_is_known(ax: Axes, published: DeployCheck) -> None:
    """Draw what production measured as a band, and the bound of a drain as a line."""
    ax.axvspan(published.low, published.high, facecolor=INK, alpha=0.15, linewidth=0)
    for edge in (published.low, published.high):
        ax.axvline(edge, color=INK, linestyle=":", linewidth=2)
    ax.axvline(BG_DRAIN_TIMEOUT, **LIMIT.line)
    measured = f"drains of the deployed fix, measured: {_published(published)}"
    bound = f"bound of a drain: {BG_DRAIN_TIMEOUT:g} s"
    for line, (x, name) in enumerate(((published.high, measured), (BG_DRAIN_TIMEOUT, bound))):
        ax.annotate(
            name,
            xy=(x, ax.get_ylim()[1]),
            xytext=(6, -4 - line * 1.6 * TEXT_SIZE),
            textcoords="offset points",
            va="top",
            fontsize=TEXT_SIZE,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def _finding(names: Sequence[str], rows: Sequence[Sequence[float]], published: DeployCheck) -> str:
    """Say under which variants sessions never end, and within how long the others end."""
    named = list(zip(names, rows, strict=True))
    endless = [f"{_share(row)} under {name}" for name, row in named if math.inf in row]
    bounded = [(name, max(row)) for name, row in named if math.inf not in row]
    said = []
    if endless:
        said.append(f"Sessions that never end: {', '.join(endless)}")
    if bounded:
        within = max(slowest for _, slowest in bounded)
        where = "" if not endless else f" under {' and '.join(name for name, _ in bounded)}"
        said.append(f"{'all' if endless else 'All sessions'} end within {within:.3g} s{where}")
    return f"{'; '.join(said)} ({_published(published)} as deployed)"


def _in_words(name: str, durations: Sequence[float]) -> str:
    ended = [seconds for seconds in durations if seconds < math.inf]
    slowest = f", the others within {max(ended):.3g} s" if ended else ""
    return (
        f"{name}: of {count(len(durations), 'session')} {len(durations) - len(ended)} never "
        f"end{slowest}"
    )


def _share(durations: Sequence[float]) -> str:
    never = durations.count(math.inf)
    return "all" if never == len(durations) else f"{never} of {len(durations)}"


def _published(check: DeployCheck) -> str:
    return f"{check.low:.1f} to {check.high:.1f} s"
