"""The matrix as a map: every variant against every fault, and the worst that came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.offsetbox import DrawingArea
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

from ghosts.plots.style import (
    FAINT,
    INK,
    TEXT_SIZE,
    Figure,
    Look,
    count,
    figure,
    finding_of_all,
    write,
)
from ghosts.records.cell import Cell, Harm


class _Level(NamedTuple):
    color: str
    ink: str
    mark: str
    meaning: str

    @property
    def text(self) -> dict[str, Any]:
        """Keyword arguments for a mark in a cell of this level."""
        return {"color": self.ink, "ha": "center", "va": "center_baseline", "fontweight": "bold"}


_LEVELS: Final = {
    Harm.NONE: _Level("#f6f6f6", FAINT, "\N{MIDDLE DOT}", "no harm"),
    Harm.CUT_OFF: _Level("#cfe2f0", INK, "C", "device cut off"),
    Harm.WORK: _Level("#d6c94c", INK, "W", "work or metrics harmed"),
    Harm.AUDIO: _Level("#8a8a8a", "#000000", "A", "audio lost"),
    Harm.LEAK: _Level("#641a49", "#ffffff", "3", "leak: that many stay"),
}
"""The worse, the darker, so that a grey print keeps the order.

The hues are those of other figures: TCP's for a device that was cut off, the workers' for work,
lost audio's thinned to grey, and that of the ghosts, darkened, for a leak.
"""
_ENDLESS: Final = "\N{INFINITY}"
_NO_LEAK: Final = Look(color=INK, linewidth=4.5)
_NO_LOSS: Final = Look(color=INK, linewidth=2.5, linestyle="--")
_KEY: Final[dict[str, Any]] = {
    "loc": "lower left",
    "bbox_to_anchor": (0, 1),
    "ncols": 3,
    "fontsize": TEXT_SIZE,
    "labelcolor": INK,
    "frameon": False,
    "borderpad": 0,
    "borderaxespad": 0,
    "handlelength": 2,
    "handleheight": 1.2,
}

_Cells: TypeAlias = Mapping[tuple[str, str], Cell]


def matrix(cells: Sequence[Cell]) -> Figure:
    """Draw the worst of each cell, a row a variant and a column a fault, in the cells' order.

    A leak is marked with how many ghosts or orphan tasks there are, or by how many the gauge is
    wrong, whichever is most; with infinity where sessions merely never end. Below the thick line
    nothing leaks any more; below the dashed one no audio is lost either. Raises ValueError if
    there are no cells.
    """
    if not cells:
        raise ValueError("there are no cells to draw")
    variants = list(dict.fromkeys(cell.variant for cell in cells))
    faults = list(dict.fromkeys(cell.fault for cell in cells))
    fig, (ax,) = figure(height=0.37 * len(variants) + 4.1)
    ax.set(xlim=(0, len(faults)), ylim=(len(variants), 0))
    _paint(ax, variants, faults, {(cell.variant, cell.fault): cell for cell in cells})
    _draw_frontiers(ax, variants, faults, cells)
    _name(ax, variants, faults)
    _explain(ax)
    finding_of_all(fig, _finding(variants, faults, cells))
    fig.details = [_in_words(name, cells) for name in variants]
    return fig


def _paint(ax: Axes, variants: Sequence[str], faults: Sequence[str], cells: _Cells) -> None:
    """Colour and mark the cells; a place without one stays empty."""
    harms = np.full((len(variants), len(faults)), np.nan)
    for row, variant in enumerate(variants):
        for column, fault in enumerate(faults):
            if cell := cells.get((variant, fault)):
                harms[row, column] = cell.harm
                write(ax, column + 0.5, row + 0.5, _mark(cell), **_LEVELS[cell.harm].text)
    colors = ListedColormap([level.color for level in _LEVELS.values()])
    look: dict[str, Any] = {"edgecolors": "white", "linewidth": 1.5}
    look |= {"vmin": min(Harm), "vmax": max(Harm)}
    ax.pcolormesh(np.ma.masked_invalid(harms), cmap=colors, **look)


def _mark(cell: Cell) -> str:
    if cell.harm != Harm.LEAK:
        return _LEVELS[cell.harm].mark
    most = max(cell.ghosts, cell.orphans, abs(cell.gauge_error))
    return f"{most}" if most else _ENDLESS


def _draw_frontiers(
    ax: Axes, variants: Sequence[str], faults: Sequence[str], cells: Sequence[Cell]
) -> None:
    """Draw, for each fault, below which variant nothing leaks, and no audio is lost either."""
    edges = range(len(faults) + 1)
    for worst, look in ((Harm.AUDIO, _NO_LOSS), (Harm.LEAK, _NO_LEAK)):
        fixed = dict.fromkeys(faults, 0)
        for cell in cells:
            if cell.harm >= worst:
                row = variants.index(cell.variant)
                fixed[cell.fault] = max(fixed[cell.fault], row + 1)
        ax.stairs([*fixed.values()], edges, baseline=None, clip_on=False, **look.line)


def _name(ax: Axes, variants: Sequence[str], faults: Sequence[str]) -> None:
    ax.set_yticks([row + 0.5 for row in range(len(variants))], variants)
    ax.set_xticks([column + 0.5 for column in range(len(faults))])
    names = [fault.replace("_", " ") for fault in faults]
    ax.set_xticklabels(names, rotation=45, ha="right", va="top", rotation_mode="anchor")
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)


def _explain(ax: Axes) -> None:
    """Put the key above the map: the levels as cells with their marks, and the two lines."""
    handles: list[Any] = [*_LEVELS.values()]
    handles += [Line2D([], [], **look.line) for look in (_NO_LEAK, _NO_LOSS)]
    meanings = [level.meaning for level in _LEVELS.values()]
    meanings += ["from here down no leak", "from here down no audio lost"]
    above = ax.transAxes + ScaledTranslation(0, 12 / 72, ax.figure.dpi_scale_trans)
    how = {**_KEY, "bbox_transform": above, "handler_map": {_Level: _MarkedCell()}}
    ax.legend(handles, meanings, **how)


class _MarkedCell:
    """Draws a level in the key as it is drawn in the map."""

    def legend_artist(
        self, legend: Legend, level: _Level, fontsize: float, box: DrawingArea
    ) -> Artist:
        cell = Rectangle((0, 0), box.width, box.height, facecolor=level.color, edgecolor=FAINT)
        mark = Text(box.width / 2, box.height / 2, level.mark, fontsize=fontsize, **level.text)
        box.add_artist(cell)
        box.add_artist(mark)
        return cell


def _in_words(variant: str, cells: Sequence[Cell]) -> str:
    """Return in how many cells of a variant each harm is the worst, the worst first."""
    worst = Counter(cell.harm for cell in cells if cell.variant == variant)
    meanings = {harm: level.meaning.partition(":")[0] for harm, level in _LEVELS.items()}
    said = (f"{meanings[harm]} in {worst[harm]}" for harm in sorted(worst, reverse=True))
    return f"{variant}: {', '.join(said)}"


def _finding(variants: Sequence[str], faults: Sequence[str], cells: Sequence[Cell]) -> str:
    leaks = Counter(cell.variant for cell in cells if cell.harm == Harm.LEAK)
    losses = Counter(cell.variant for cell in cells if cell.lost_bytes)
    tried = count(len(faults), "fault")
    if len(variants) == 1:
        (name,) = variants
        return f"{name}, {tried}: leaks in {leaks[name]}, loses audio in {losses[name]}"
    clean = [name for name in variants if not leaks[name] + losses[name]]
    return f"{count(len(variants), 'variant')}, {tried}: {_praise(clean, variants)}"


def _praise(clean: Sequence[str], variants: Sequence[str]) -> str:
    """Say which of them neither leak nor lose audio."""
    if not clean:
        return "each of them leaks or loses audio"
    if len(clean) == len(variants):
        return "nothing leaks, and no audio is lost"
    if len(clean) == 1:
        return f"only {clean[0]} leaks nothing and loses no audio"
    who = f"only {' and '.join(clean)}" if len(clean) == 2 else f"{len(clean)} of them"
    return f"{who} leak nothing and lose no audio"
