"""How the cost of a utility grows with its tasks."""

import math
from typing import TYPE_CHECKING, Final

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ghosts.plots import style
from ghosts.plots.style import Figure

if TYPE_CHECKING:
    import pandas  # half of what the import of all pictures would take

_OURS, _BASELINE = "async_tasks", "straightforward"
_LOOKS = {
    _OURS: style.OURS,
    _BASELINE: style.STRAIGHTFORWARD,
    "asyncio.timeout": style.PEERS[0],
    "asyncio.gather": style.PEERS[0],
    "asyncio.gather, unbounded": style.PEERS[0],
    "aiometer": style.PEERS[1],
    "aiotools": style.PEERS[1],
}
_DRAWN: Final[dict[str, tuple[str, ...]]] = {
    "supervise": (),
    "drain": ("asyncio.gather", "aiotools"),
    "gather": ("asyncio.gather, unbounded", "aiometer"),
    "sleep": ("asyncio.timeout", "aiotools"),
}
"""By workload, the other libraries that are drawn: two to a panel can be told apart."""


def cost(table: "pandas.DataFrame") -> Figure:
    """Draw wall-clock seconds over the number of tasks, both logarithmic, a panel each utility.

    `table` is the `records` of `data/bench/async_tasks.json`: a row for each `workload`,
    `implementation` and `n`, with its `seconds`.
    """
    fig, axes = style.figure(2, 2, height=7.0, sharex=True, sharey=True)
    panels = dict(zip(_DRAWN, axes, strict=True))
    table_of = {workload: table[table["workload"] == workload] for workload in panels}
    lines = {
        workload: _plot(ax, table_of[workload], _DRAWN[workload]) for workload, ax in panels.items()
    }
    axes[0].set_ylim(top=10 * max(table["seconds"]))  # so that no name reaches the title above it
    for ax in axes[2:]:
        ax.set_xlabel("tasks or items")
    for ax in axes[::2]:
        ax.set_ylabel("seconds")
    style.finding_of_all(fig, _finding(table_of["supervise"]))
    fig.draw_without_rendering()  # names are kept apart by where the lines end
    for workload, ax in panels.items():
        for name, line in lines[workload].items():
            spoken = f"{name} {_of(table_of[workload], name)['seconds'].iloc[-1]:.2g} s"
            style.label_line_end(ax, line, name.partition(",")[0], spoken)
    return fig


def _plot(ax: Axes, table: "pandas.DataFrame", peers: tuple[str, ...]) -> dict[str, Line2D]:
    ax.set_xscale("log")
    ax.set_yscale("log")
    lines = {}
    for name in (_OURS, _BASELINE, *peers):
        rows = _of(table, name)
        (lines[name],) = ax.plot(rows["n"], rows["seconds"], **_LOOKS[name].line)
    ours, baseline = (_of(table, name).iloc[-1] for name in (_OURS, _BASELINE))
    ratio = ours["seconds"] / baseline["seconds"]
    ax.set_title(
        f"{ours['workload']}: {_percent(ratio)} of the straightforward time at {ours['n']:,}",
        loc="left",
        fontsize=style.LABEL_SIZE,
        color=style.INK,
    )
    return lines


def _finding(supervision: "pandas.DataFrame") -> str:
    ours, baseline = (_growth(supervision, name) for name in (_OURS, _BASELINE))
    return (
        f"With 10 times as many tasks, supervise() takes {ours:.0f} times as long, "
        f"the straightforward loop of asyncio.wait() {baseline:.0f} times as long"
    )


def _percent(ratio: float) -> str:
    """Return a share in per cent, of two significant digits."""
    return f"{float(f'{100 * ratio:.2g}'):,.12g} %"


def _of(table: "pandas.DataFrame", implementation: str) -> "pandas.DataFrame":
    return table[table["implementation"] == implementation].sort_values("n")


def _growth(table: "pandas.DataFrame", implementation: str) -> float:
    """Return by what the time is multiplied where n is ten times as large, between the last two."""
    before, last = (row for _, row in _of(table, implementation).tail(2).iterrows())
    decades = math.log10(last["n"] / before["n"])
    return float((last["seconds"] / before["seconds"]) ** (1 / decades))
