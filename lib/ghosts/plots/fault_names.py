"""The names of faults, which stand within their bands and clear of the lines."""

import math
from collections.abc import Sequence
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from ghosts.plots.style import DPI, FAULT, INK, TEXT_SIZE, Figure, spread_end_labels

_Pixels: TypeAlias = npt.NDArray[np.float64]
_BAND: Final = "#e4e4e4"
"""What the band of a fault looks like where nothing else is drawn."""
_INSET: Final = 4
"""Points between a fault's name and the left edge of its band, the top, and what is below it."""
_SMALL: Final = 12
"""Points: the size of a fault's name that has no room in its own size."""
_LEAST_ROOM: Final = 0.3
"""Of the height of axes: what a fault's name leaves to the lines below it, however high it is."""


class _FaultName(Annotation):
    """The name of a fault at the top of its band."""

    def __init__(self, ax: Axes, start: float, end: float, phrases: Sequence[str]) -> None:
        super().__init__(
            " ".join(phrases),
            xy=(start, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(_INSET, -_INSET),
            textcoords="offset points",
            va="top",
            fontsize=TEXT_SIZE,
            fontstyle="italic",
            color=INK,
            zorder=5,
            clip_on=False,
        )
        self.set_in_layout(False)
        self._phrases = phrases
        self._end = end
        ax.add_artist(self)

    @property
    def box(self) -> Bbox:
        """Where it stands, in pixels."""
        return Text.get_window_extent(self)

    @property
    def _around(self) -> Bbox:
        """Where its band is, in pixels."""
        assert self.axes is not None
        end, _ = self.axes.transData.transform((self._end, 0))
        axes = self.axes.bbox
        return Bbox.from_extents(axes.x0, axes.y0, min(end, axes.x1), axes.y1)

    @property
    def _fits(self) -> bool:
        return bool(self.box.x1 <= self._around.x1)

    def fit(self) -> None:
        """Break it over as few lines as stand within its band."""
        for size in (TEXT_SIZE, _SMALL):
            self.set_fontsize(size)
            for phrases in ([" ".join(self._phrases)], self._phrases):
                self.set_text("\n".join(phrases))
                if self._fits:
                    return
            self._break()
            if self._fits:
                return

    def _break(self) -> None:
        """Break it before each word that would reach beyond its band."""
        lines: list[str] = []
        for word in " ".join(self._phrases).split():
            joined = [*lines[:-1], f"{lines[-1]} {word}"] if lines else [word]
            self.set_text(joined[-1])
            lines = joined if self._fits else [*lines, word]
        self.set_text("\n".join(lines))

    def descend(self, above: Sequence[Self]) -> None:
        """Move it below those that it would overlap."""
        for other in above:
            if self.box.padded(1).overlaps(other.box):
                below = (other.box.y0 - self._around.y1) * 72 / DPI
                self.set_position((_INSET, below - _INSET))

    def clear(self) -> None:
        """Raise the limit of the y axis until no line crosses it; cover a vertical one."""
        ax = self.axes
        assert ax is not None
        box, floor = self.box, self._around.y0
        paths = [_path(line) for line in ax.lines]
        if any(box.x0 <= xs[0] == xs[-1] <= box.x1 for xs, _ in paths if len(xs) > 1):
            below = _BAND if self._fits else "white"
            self.set_bbox({"facecolor": below, "edgecolor": "none", "pad": 1})
        highest = max((_highest(*path, box.x0, box.x1) for path in paths), default=floor)
        room = box.y0 - _INSET * DPI / 72 - floor
        room = max(room, _LEAST_ROOM * self._around.height)
        if highest - floor > room:
            low, high = ax.get_ylim()
            ax.set_ylim(low, low + (high - low) * (highest - floor) / room)


def _path(line: Line2D) -> tuple[_Pixels, _Pixels]:
    """Return the places of a line's points, from left to right."""
    xs, ys = np.asarray(line.get_transform().transform_path(line.get_path()).vertices).T
    return xs, ys


def _highest(xs: _Pixels, ys: _Pixels, left: float, right: float) -> float:
    """Return how high a line gets between two places; minus infinity for a vertical one."""
    if len(xs) < 2 or xs[0] == xs[-1] or xs[0] > right or xs[-1] < left:
        return -math.inf
    ends = np.interp([max(left, xs[0]), min(right, xs[-1])], xs, ys)
    return float(max(*ends, *ys[(left <= xs) & (xs <= right)]))


def shade_fault(ax: Axes, start: float, end: float, *phrases: str) -> None:
    """Shade the time, in the units of the x axis, during which a fault lasts, and name it.

    The name is broken between the phrases first, if it has to be: see `settle_fault_names`.
    """
    ax.axvspan(start, end, zorder=0, **FAULT.area)
    _FaultName(ax, start, end, phrases)


def settle_fault_names(fig: Figure) -> None:
    """Break the names of faults to the width of their bands, and keep them clear of the lines.

    Call it when all else is drawn: what is beside the axes decides how wide they are.
    """
    names = [[text for text in ax.texts if isinstance(text, _FaultName)] for ax in fig.axes]
    if not any(names):
        return
    fig.draw_without_rendering()
    for own in names:
        for place, name in enumerate(own):
            name.fit()
            name.descend(own[:place])
            name.clear()
    for ax in fig.axes:
        spread_end_labels(ax)
