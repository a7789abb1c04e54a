"""Every text that is drawn in a figure: its size and its place, in pixels of the slide."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

_POINTS_PER_INCH = 72


@dataclass(frozen=True, slots=True)
class DrawnText:
    """A text as it is on the slide."""

    words: str
    size: float
    box: Bbox
    upright: bool
    within_picture: bool

    def covers(self, other: "DrawnText") -> bool:
        """Return whether two texts stand on each other; of slanted ones the boxes do not tell."""
        both = Bbox.intersection(self.box, other.box) if self.upright and other.upright else None
        return both is not None and both.width > 1 and both.height > 3


def drawn_texts(figure: Figure, width: float) -> list[DrawnText]:
    """Draw a figure; return its texts as they are where it is shown `width` pixels wide."""
    canvas = FigureCanvasAgg(figure)
    with _recorded() as texts:
        canvas.draw()
    scale = width / figure.bbox.width
    pixels_per_point = figure.dpi / _POINTS_PER_INCH * scale
    found = []
    for text in texts:
        box = text.get_window_extent()
        found.append(
            DrawnText(
                words=text.get_text(),
                size=round(text.get_fontsize() * pixels_per_point, 2),
                box=Bbox(box.get_points() * scale),
                upright=text.get_rotation() % 90 == 0,
                within_picture=figure.bbox.padded(1).fully_containsx(box.x0)
                and figure.bbox.padded(1).fully_containsx(box.x1)
                and figure.bbox.padded(1).fully_containsy(box.y0)
                and figure.bbox.padded(1).fully_containsy(box.y1),
            )
        )
    return found


@contextmanager
def _recorded() -> Iterator[list[Text]]:
    """Collect the texts that are drawn, which leaves out those of ticks outside an axis."""
    texts: dict[int, Text] = {}
    draw = Text.draw

    def recorded(self: Text, renderer: object) -> None:
        if self.get_visible() and self.get_text().strip():
            texts[id(self)] = self
        draw(self, renderer)

    found: list[Text] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", recorded)
        yield found
    found += texts.values()
