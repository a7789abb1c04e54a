"""Reading what was drawn."""

import itertools

from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from ghosts.plots.style import Figure


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\n", " ")


def words(figure: Figure) -> list[Text]:
    """The texts that a reader sees, ticks beyond the axes' limits left out."""
    figure.draw_without_rendering()
    seen = [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
    ]
    hidden = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            drawn = {id(tick) for tick in axis._update_ticks()}  # type: ignore[attr-defined]
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if id(tick) not in drawn:
                    hidden |= {id(tick.label1), id(tick.label2)}
    return [text for text in seen if id(text) not in hidden]


def outline(text: Text) -> Path:
    """The box around a text, turned as the text is."""
    angle = text.get_rotation()
    turned = angle % 90 != 0
    assert not turned or text.get_rotation_mode() == "anchor"
    text.set_rotation(0 if turned else angle)
    box = Text.get_window_extent(text).padded(-1)
    text.set_rotation(angle)
    about = text.get_transform().transform(text.get_position())
    turn = Affine2D().rotate_deg_around(*about, angle if turned else 0)
    return turn.transform_path(Path(box.corners()[[0, 1, 3, 2, 0]], closed=True))


def assert_legible(figure: Figure) -> None:
    """Every word is large enough, inside the figure, and clear of the others."""
    texts = words(figure)
    assert min(text.get_fontsize() for text in texts) >= 12
    boxes = {text: Text.get_window_extent(text) for text in texts}
    for text, box in boxes.items():
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0, text
        assert box.y1 <= figure.bbox.y1, text
    for one, other in itertools.combinations(texts, 2):
        if boxes[one].padded(-1).overlaps(boxes[other].padded(-1)):
            assert not outline(one).intersects_path(outline(other)), (one, other)
