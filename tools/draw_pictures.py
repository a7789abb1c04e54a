"""Draw the pictures of the README and of docs/.

python tools/draw_pictures.py
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from ghosts.paths import DATA
from ghosts.plots import lanes
from ghosts.plots.style import FAINT, GAUGE, GHOSTS, INK, TCP, TEXT_SIZE, Figure, legible
from ghosts.records.recording import Recording

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
_WIDTH: Final = 12.0
_HEIGHT: Final = 5.8
_BOTTOM: Final = 1.0


@dataclass(frozen=True, slots=True)
class Box:
    """One part of the system: where it stands, what it is, and where its code is."""

    x: float
    y: float
    width: float
    height: float
    name: str
    path: str
    lines: tuple[str, ...] = ()
    color: str = INK


BOXES: Final = (
    Box(0.1, 2.5, 2.2, 1.9, "device", "simulation/devices.py", ("sends audio", "disconnects")),
    Box(
        3.4,
        2.0,
        2.2,
        2.9,
        "listen",
        "listen/",
        ("11 tasks per session", "gauge: sessions", "outbound queue", "link to the pusher"),
        GAUGE.color,
    ),
    Box(
        6.7,
        2.0,
        2.2,
        2.9,
        "pusher",
        "pusher/",
        ("5 loops per session", "gauge: sessions", "queue or spool", "pool: 16 workers"),
        GAUGE.color,
    ),
    Box(9.65, 4.0, 2.25, 0.9, "storage", "clients/upload_pool.py", (), TCP.color),
    Box(9.65, 3.0, 2.25, 0.9, "webhooks", "clients/clients.py", (), TCP.color),
    Box(9.65, 2.0, 2.25, 0.9, "other backends", "backends.py", (), TCP.color),
)
"""Paths are below ``lib/ghosts``."""


def draw_architecture() -> Figure:
    """Return the picture of the system: device, listen, pusher, backends, and where ghosts form."""
    figure = Figure(figsize=(_WIDTH, _HEIGHT - _BOTTOM))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, _WIDTH), ylim=(_BOTTOM, _HEIGHT))
    ax.axis("off")
    for box in BOXES:
        _draw_box(ax, box)
    _arrow(ax, (2.3, 3.45), (3.4, 3.45), "WebSocket")
    _arrow(ax, (5.6, 3.45), (6.7, 3.45), "WebSocket")
    for y in (4.45, 3.45, 2.45):
        _arrow(ax, (8.9, 3.45), (9.65, y), "HTTP" if y == 4.45 else "")
    ax.text(
        0.1,
        _HEIGHT - 0.2,
        "A session waits for a backend: where a backend never answers, ghosts form",
        va="top",
        fontsize=17,
        fontweight="bold",
        color=INK,
    )
    ax.text(
        6.7,
        1.8,
        "ghost: the device has disconnected,\nan upload never returns, the gauge\n"
        "still counts the session",
        va="top",
        fontsize=TEXT_SIZE,
        color=legible(GHOSTS.color),
    )
    ax.text(
        3.4,
        1.8,
        "the kernel counts TCP\nconnections: gauge minus\nTCP is ghosts",
        va="top",
        fontsize=TEXT_SIZE,
        color=FAINT,
    )
    return figure


def _draw_box(ax: Axes, box: Box) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (box.x, box.y),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor="white",
            edgecolor=box.color,
            linewidth=2.5,
        )
    )
    top = box.y + box.height - 0.15
    left = box.x + 0.15
    ax.text(left, top, box.name, va="top", fontsize=16, fontweight="bold", color=INK)
    ax.text(left, top - 0.42, box.path, va="top", fontsize=TEXT_SIZE, color=FAINT)
    for number, line in enumerate(box.lines):
        ax.text(left, top - 0.95 - 0.45 * number, line, va="top", fontsize=TEXT_SIZE, color=INK)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], label: str) -> None:
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=20, linewidth=2, color=INK)
    )
    if label:
        x, y = (start[0] + end[0]) / 2, max(start[1], end[1]) + 0.12
        ax.text(x, y, label, ha="center", fontsize=TEXT_SIZE, color=INK)


def draw_before_and_after() -> Figure:
    """Return the picture of the README, from the recordings at full scale."""
    names = ("gather_all", "supervised", "shipped")
    paths = [DATA / "recordings" / f"production_full_{name}.json" for name in names]
    return lanes(*map(Recording.load, paths))


def draw(folder: Path) -> None:
    """Write the pictures, as PNG, into ``folder``."""
    folder.mkdir(exist_ok=True)
    for name, figure in (
        ("before_and_after", draw_before_and_after()),
        ("architecture", draw_architecture()),
    ):
        # Without matplotlib's version in it, the file changes only when the picture does.
        figure.savefig(folder / f"{name}.png", metadata={"Software": None})


if __name__ == "__main__":
    draw(DOCS)
