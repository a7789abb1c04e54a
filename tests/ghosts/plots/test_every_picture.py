"""Every picture can be read: in words by who does not see it, and at once by who does."""

import re
from inspect import isfunction

import numpy as np
import numpy.typing as npt
import pytest
from contrast import LEAST, contrasts
from every_picture import PICTURES
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from notebook_rules import TALLEST
from pictures import title, words

from ghosts import plots
from ghosts.plots.style import DPI, TEXT_SIZE, Figure, figure


def inks(drawn: Figure) -> list[tuple[Text, Bbox]]:
    return [(text, Text.get_window_extent(text)) for text in words(drawn)]


def without_words(drawn: Figure) -> npt.NDArray[np.float64]:
    """The picture's pixels from the bottom, from 0 to 1, its words left out."""
    for text in drawn.findobj(Text):
        assert isinstance(text, Text)
        text.set_alpha(0)
        text.set_path_effects([])
    canvas = FigureCanvasAgg(drawn)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[::-1, :, :3] / 255


def test_each_plot_is_among_them() -> None:
    functions = {name for name in plots.__all__ if isfunction(getattr(plots, name))}
    assert set(PICTURES) == functions - {"lanes_of"}


@pytest.mark.parametrize("name", PICTURES)
def test_it_says_its_finding_in_words_and_fits_a_screen(name: str) -> None:
    drawn = PICTURES[name]()
    said = drawn.alt
    found = drawn.get_suptitle() or title(drawn.axes[0])
    assert " ".join(found.split()) in said
    assert sum(letter.isdigit() for letter in said) >= 2
    assert len(re.findall(r"[.?!](?: |$)", said)) > 1, "the finding, and what it rests on"
    assert "\n" not in said
    assert drawn.get_figheight() * DPI <= TALLEST


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_each_word_is_large_and_stands_out_from_what_is_behind_it(name: str) -> None:
    drawn = PICTURES[name]()
    texts = inks(drawn)
    assert min(text.get_fontsize() for text, _ in texts) >= TEXT_SIZE
    grounds = without_words(drawn)
    faint: dict[str, float] = {}
    for text, box in texts:
        behind = grounds[int(box.y0) : int(box.y1) + 1, int(box.x0) : int(box.x1) + 1]
        # With the middle one of what is behind it: a line may cross a word.
        stands_out = float(np.median(contrasts(to_rgb(text.get_color()), behind.reshape(-1, 3))))
        faint.update({text.get_text(): stands_out} if stands_out < LEAST else {})
    assert faint == {}


def test_a_figure_without_a_finding_is_not_shown() -> None:
    untitled, _ = figure()
    with pytest.raises(ValueError, match="give it one with `finding`"):
        untitled._repr_mimebundle_()


def test_a_figure_is_never_taller_than_a_screen() -> None:
    tall, _ = figure(height=30)
    assert tall.get_figheight() * DPI == TALLEST
