"""The one visual language of every figure: what a thing looks like, and where its words stand.

Colours are Okabe and Ito's, which survive colour blindness; in a grey print the line style, the
weight and the hatch tell the things apart. Text is never under 12 points, so that a figure of
`WIDTH` inches is legible on a projector. Figures are made without pyplot: nothing keeps them but
their holder, and a notebook shows one only where a cell ends with it.
"""

import base64
import io
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib.figure
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ghosts.plots.alt_text import END_LABEL, alt_text

WIDTH = 12.0
"""Inches; at `DPI` this fills a notebook's column."""
TALLEST = 7.0
"""Inches: a taller figure cannot be seen at once, on a projector or in JupyterLab."""
DPI = 100
TITLE_SIZE = 17
TITLE_LETTERS = 72
"""As many fit above axes that take a whole figure, in the size of a title."""
_FIGURE_LETTERS = 86
"""As many fit from a figure's left edge to its right one."""
_FEW = 2
"""As many side by side leave room for a title in its own size, and for a long name on one line."""
LABEL_SIZE = 14
TEXT_SIZE = 13

INK = "#222222"
FAINT = "#6a6a6a"
GRID = "#dddddd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one thing is drawn in every figure: pass `**look.line` or `**look.area` to the artist."""

    color: str
    linestyle: str = "-"
    linewidth: float = 2.5
    marker: str = "o"
    hatch: str = ""
    alpha: float = 0.45
    edge: float = 0.0
    """Points of ink on either side of a line that is too pale to stand out from white."""

    @property
    def line(self) -> dict[str, Any]:
        """Keyword arguments for `Axes.plot`."""
        drawn = {"color": self.color, "linestyle": self.linestyle, "linewidth": self.linewidth}
        if not self.edge:
            return drawn
        ink = withStroke(linewidth=self.linewidth + 2 * self.edge, foreground=INK)
        return {**drawn, "path_effects": [ink]}

    @property
    def points(self) -> dict[str, Any]:
        """Keyword arguments for `Axes.plot` where there are points and no line."""
        return {"color": self.color, "marker": self.marker, "linestyle": "none", "markersize": 10}

    @property
    def area(self) -> dict[str, Any]:
        """Keyword arguments for `Axes.fill_between`, `Axes.barh` and the like."""
        return {
            "facecolor": self.color,
            "edgecolor": self.color,
            "hatch": self.hatch,
            "alpha": self.alpha,
            "linewidth": 0.0,
        }


GAUGE = Look(color="#D55E00", linewidth=3.5)
TCP = Look(color="#0072B2", linestyle="--", linewidth=2.5, marker="s", alpha=0.85)
GHOSTS = Look(color="#CC79A7", linewidth=2.0, hatch="//")
HALF_OPEN = Look(color="#E69F00", linewidth=2.0, hatch="..", alpha=0.6)
DRAINING = Look(color=GHOSTS.color, alpha=0.25)
MEMORY = Look(color="#009E73", linestyle="-.", linewidth=3.0, marker="D", alpha=0.6)
LOST = Look(color="#000000", linestyle=":", linewidth=3.5, marker="X", hatch="xx", alpha=0.75)
STORED = Look(color="#56B4E9", linestyle="-", linewidth=2.0, marker="v", alpha=0.85)
WORKERS = Look(color="#F0E442", linewidth=3.5, marker="P", edge=1.2)
BLOCKED = Look(color="#6B5B00", linewidth=2.5, alpha=0.75)
PODS = Look(color="#555555", linewidth=3.0, alpha=0.35)
OURS = Look(color="#E69F00", linewidth=4.0)
STRAIGHTFORWARD = Look(color="#444444", linestyle="--", linewidth=2.5)
PEERS = (
    Look(color="#999999", linestyle="-.", linewidth=2.0),
    Look(color="#999999", linestyle=":", linewidth=2.5),
)
FAULT = Look(color="#999999", hatch="..", alpha=0.25)
LIMIT = Look(color=INK, linewidth=1.5)


class Figure(matplotlib.figure.Figure):
    """A figure that a notebook can show without pyplot having opened it."""

    details: Sequence[str] | None = None
    """Sentences of `alt` where the words in the axes do not speak for themselves: in tables."""

    @property
    def alt(self) -> str:
        """Return what it shows, for readers who do not see it; ValueError without a finding."""
        return alt_text(self, self.details)

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        # Not savefig, which draws it once more before, to no effect.
        FigureCanvasAgg(self).print_png(png)  # type: ignore[no-untyped-call]
        return png.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, bytes], dict[str, dict[str, str]]]:
        """Return the picture and, as metadata of a notebook's output, its alternative text."""
        return {"image/png": self._repr_png_()}, {"image/png": {"alt": self.alt}}


def data_url(png: bytes) -> str:
    """Return a picture as a `data:` URL, with which a page needs no other file."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


_tallest: ContextVar[float] = ContextVar("_tallest", default=TALLEST)


@contextmanager
def at_most(height: float) -> Iterator[None]:
    """Make each figure of the block at most `height` inches high: a slide is lower than a page."""
    before = _tallest.set(height)
    try:
        yield
    finally:
        _tallest.reset(before)


def figure(
    rows: int = 1, columns: int = 1, *, height: float = 6.0, **grid: Any
) -> tuple[Figure, list[Axes]]:
    """Make a figure of `WIDTH` by `height` inches, `TALLEST` at most, and its axes, row by row.

    `grid` goes to `Figure.subplots`, for instance `sharey=True` for before and after.
    """
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12)
    fig = Figure(figsize=(WIDTH, min(height, _tallest.get())), dpi=DPI, layout=layout)
    FigureCanvasAgg(fig)
    axes: list[Axes] = list(np.ravel(fig.subplots(rows, columns, **grid)))
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["left", "bottom"]].set_color(FAINT)
        ax.grid(color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(labelsize=TEXT_SIZE, colors=INK, length=4)
        ax.xaxis.label.set(fontsize=LABEL_SIZE, color=INK)
        ax.yaxis.label.set(fontsize=LABEL_SIZE, color=INK)
    return fig, axes


def finding(ax: Axes, title: str, size: float = TITLE_SIZE) -> None:
    """Say above the axes, from the left, what the picture shows."""
    ax.set_title(title, loc="left", fontsize=size, fontweight="bold", color=INK, pad=14)


def finding_of_all(fig: Figure, title: str) -> None:
    """Say above all of a figure, from its left edge, what it shows."""
    words = textwrap.fill(title, _FIGURE_LETTERS)
    fig.suptitle(words, x=0.01, ha="left", fontsize=TITLE_SIZE, fontweight="bold", color=INK)


def count(number: int, noun: str) -> str:
    """Say how many of a thing there are: "no ghosts", "1 ghost", "194 ghosts"."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def write(ax: Axes, x: float, y: float, text: str, **how: Any) -> Text:
    """Write text at a point of the data, in the suite's size and ink unless told otherwise."""
    return ax.text(x, y, text, **{"fontsize": TEXT_SIZE, "color": INK, **how})


def has(number: int) -> str:
    """Return the verb that goes with that many: "1 task has ended", "2 tasks have ended"."""
    return "has" if number == 1 else "have"


def legible(color: Any) -> tuple[float, float, float]:
    """Darken a colour until text in it stands out from white at 4.5 to 1."""
    shade = np.array(to_rgb(color))
    while 1.05 / (0.05 + shade**2.2 @ [0.2126, 0.7152, 0.0722]) < 4.5:
        shade = 0.95 * shade
    return (float(shade[0]), float(shade[1]), float(shade[2]))


def label_line_end(ax: Axes, line: Line2D, text: str, spoken: str = "") -> Annotation:
    """Name a line at its last point, in a legible shade of its colour, clear of other such names.

    ``spoken`` is what the alternative text says in its place, with a value. Call it when every
    line is drawn and the limits are set: names are kept apart by where their lines end then.
    """
    x, y = (float(np.asarray(data)[-1]) for data in line.get_data())
    label = label_end(ax, x, y, text, line.get_color())
    label.set_label(spoken)
    return label


def label_end(ax: Axes, x: float, y: float, text: str, color: Any, gap: float = 8) -> Annotation:
    """Name what ends at a point, as `label_line_end` does; `gap` is in points."""
    label = ax.annotate(
        text,
        xy=(x, y),
        xytext=(gap, 0),
        textcoords="offset points",
        va="center",
        fontsize=LABEL_SIZE,
        fontweight="bold",
        color=legible(color),
        annotation_clip=False,
        gid=END_LABEL,
    )
    spread_end_labels(ax)
    return label


def columns_beside(ax: Axes) -> int:
    """Return how many columns of axes the figure has."""
    place = ax.get_subplotspec()
    return 1 if place is None else place.get_gridspec().ncols


def crowded(ax: Axes) -> bool:
    """Return whether more columns than two share the figure's width."""
    return columns_beside(ax) > _FEW


def minutes_axis(ax: Axes, label: str = "simulated time (minutes)") -> None:
    """Read an x axis whose data are seconds in minutes."""
    steps, most = ([1, 2, 3, 6, 10], 4) if crowded(ax) else ([1, 2, 3, 5, 6, 10], 7)
    ax.xaxis.set_major_locator(_UnitLocator(60, steps, most))
    ax.xaxis.set_major_formatter(_in_units(60))
    ax.set_xlabel(label)


def mib_axis(
    ax: Axes,
    label: str = "memory (MiB)",
    *,
    axis: Literal["x", "y"] = "y",
    per_mib: int = 2**20,
) -> None:
    """Read an axis in MiB; `per_mib` is 2**20 where the data are bytes, 1 where they are MiB."""
    one = ax.yaxis if axis == "y" else ax.xaxis
    one.set_major_locator(_UnitLocator(per_mib, steps=[1, 2, 5, 10]))
    one.set_major_formatter(_in_units(per_mib))
    one.set_label_text(label)


class _UnitLocator(MaxNLocator):
    """Put the ticks on round multiples of a unit of several data steps."""

    def __init__(self, unit: float, steps: Sequence[float], most: int = 7) -> None:
        super().__init__(nbins=most, steps=list(steps))
        self._unit = unit

    def tick_values(self, vmin: float, vmax: float) -> Any:
        return np.asarray(super().tick_values(vmin / self._unit, vmax / self._unit)) * self._unit


def _in_units(unit: float) -> FuncFormatter:
    return FuncFormatter(lambda value, _: f"{value / unit:,.12g}")


def _rising(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the nearest values that never fall from one to the next."""
    if np.all(np.diff(values) >= 0):
        return values
    from scipy.optimize import isotonic_regression  # half a second; few pictures need it

    return np.asarray(isotonic_regression(values).x)


def spread_end_labels(ax: Axes) -> None:
    """Move the line-end labels, by as little as possible, until none touches the next.

    Offsets are in points. Less the room that the labels below take, places must not fall from
    one label to the next: that is an isotonic regression on where the lines end. The lowest label
    stays above the ticks of the x axis.
    """
    labels = [
        text for text in ax.texts if isinstance(text, Annotation) and text.get_gid() == END_LABEL
    ]
    points = 72 / DPI
    end = {label: ax.transData.transform(label.xy)[1] * points for label in labels}
    labels.sort(key=lambda label: end[label])
    heights = np.array([1.45 * LABEL_SIZE * (label.get_text().count("\n") + 1) for label in labels])
    room = np.cumsum(heights) - heights / 2
    ends = np.array([end[label] for label in labels])
    bottom = ax.transAxes.transform((0, 0))[1] * points - 0.8 * LABEL_SIZE
    places = np.maximum(_rising(ends - room), bottom) + room
    for label, move in zip(labels, places - ends, strict=True):
        label.set_position((label.xyann[0], float(move)))
