"""What a figure shows, in words, for readers who do not see it."""

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation

END_LABEL = "line-end label"
"""The `gid` of a text that names a line at its end."""


def alt_text(figure: Figure, details: Sequence[str] | None = None) -> str:
    """Return the figure's finding, then for each axes, by columns, its own and what it says.

    Of a text that has an artist's label, that is said in its place. ``details`` are sentences for
    a figure whose texts mean nothing without their row and their column: they follow its finding.

    Raises:
        ValueError: the figure has no title, and so no finding.
    """
    of_all = figure.get_suptitle()
    axes = sorted(figure.axes, key=_column)
    findings = [title for title in (of_all, *map(_title, axes)) if title]
    if not findings:
        raise ValueError("a figure without a finding: give it one with `finding` of plots.style")
    if details is not None:
        said = [findings[0], *details]
    else:
        said = [of_all, *(words for ax in axes for words in (_title(ax), _written(ax)))]
    return " ".join(_sentence(each) for each in said if each)


def _title(ax: Axes) -> str:
    return ax.get_title(loc="left")


def _column(ax: Axes) -> int:
    place = ax.get_subplotspec()
    return 0 if place is None else place.colspan.start


def _written(ax: Axes) -> str:
    """Return the axes' labels, how the lines end, and the other texts; nothing without texts."""
    texts = [text for text in ax.texts if text.get_visible() and text.get_text().strip()]
    ends = [text for text in texts if text.get_gid() == END_LABEL and isinstance(text, Annotation)]
    ends.sort(key=lambda text: -float(text.xy[1]))
    said = [", ".join(map(_words, ends)), *(_words(text) for text in texts if text not in ends)]
    if not texts:
        return ""
    return f"{_labels(ax)}{', at the end' if ends else ''}: {'; '.join(filter(None, said))}"


def _words(text: Any) -> str:
    return _plain(text.get_label() or text.get_text())


def _labels(ax: Axes) -> str:
    """Return what the axes show over what, also where a neighbour has the label."""
    y = _first(Axes.get_ylabel, ax, ax.get_shared_y_axes().get_siblings(ax))
    x = _first(Axes.get_xlabel, ax, ax.get_shared_x_axes().get_siblings(ax))
    over = " over ".join(filter(None, (y, x)))
    return over[:1].upper() + over[1:]


def _first(label: Callable[[Axes], str], ax: Axes, siblings: Sequence[Axes]) -> str:
    return _plain(next(filter(None, map(label, (ax, *siblings))), ""))


def _plain(words: str) -> str:
    return " ".join(words.split())


def _sentence(words: str) -> str:
    plain = _plain(words)
    return plain if plain.endswith((".", "?", "!")) else f"{plain}."
