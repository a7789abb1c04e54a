"""The deck of one talk as one page of HTML that loads nothing: reveal.js and pictures are in it."""

import html
import textwrap
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

from ghosts.plots.style import DPI, Figure, data_url
from slides.cells import Drawing, Notebooks
from slides.notes import Notes
from slides.source import Lines, Slide, SlidesError, Source

HERE: Final = Path(__file__).parent
_SHARPER: Final = 2
"""Pixels of a picture per pixel of the slide, for projectors of more than 1280 by 720."""
_CODE_WIDTH: Final = 1150
_CODE_HEIGHT: Final = 565
_CODE_HEIGHT_WITH_TEXT: Final = 410
_LETTER: Final = 0.61
"""Width of a letter of the code's font, per pixel of its size; a line is `_LINE` high."""
_LINE: Final = 1.35
_LARGEST: Final = 30
_markdown: Final = MarkdownIt()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A slide with its facts filled in, ready for the page."""

    slide: Slide
    title: str
    text: str
    shown: str
    """HTML of its picture or lines."""
    origin: str
    """The notebook of what is shown."""
    figure: Figure | None


class Deck:
    """All slides of all talks, drawn once."""

    def __init__(self, source: Source, notebooks: Notebooks) -> None:
        self._notebooks = notebooks
        self._notes = Notes(source, notebooks)
        self.slides = [self._drawn(slide) for slide in source.slides]

    def page(self, talk: int) -> str:
        """Return the page of the talk that lasts ``talk`` minutes."""
        reveal = _reveal_folder()
        page = Environment(
            loader=FileSystemLoader(HERE), undefined=StrictUndefined, trim_blocks=True
        )
        slides = [drawn for drawn in self.slides if talk in drawn.slide.minutes]
        return page.get_template("deck.html.j2").render(
            talk=talk,
            title=slides[0].title,
            slides=slides,
            notes=lambda slide: _markdown.render(self._notes.of(slide, talk)),
            licence=(reveal / "LICENSE").read_text(encoding="utf-8"),
            styles=[_text(reveal / "dist/reset.css"), _text(reveal / "dist/reveal.css")],
            scripts=[
                _script(reveal / name) for name in ("dist/reveal.js", "plugin/notes/notes.js")
            ],
            style=_text(HERE / "deck.css"),
        )

    def _drawn(self, slide: Slide) -> Drawn:
        title = self._notes.filled(slide.title, slide.title)
        drawing = self._notebooks.draw(slide.picture) if slide.picture else None
        shown, origin = "", ""
        if slide.picture and drawing:
            shown = _image(drawing)
            origin = self._notebooks.name(slide.picture.cells[-1])
        elif slide.lines:
            shown = self._shown(slide.lines, beside_text=bool(slide.text))
            origin = self._notebooks.name(slide.lines.cell)
        return Drawn(
            slide=slide,
            title=title,
            text=_markdown.render(self._notes.filled(slide.text, title)) if slide.text else "",
            shown=shown,
            origin=origin,
            figure=drawing.figure if drawing else None,
        )

    def _shown(self, lines: Lines, *, beside_text: bool) -> str:
        mark = self._notes.filled(lines.mark, lines.cell)
        if lines.kind == "table":
            marked = f'<td class="marked">{mark}</td>'
            return self._notebooks.table(lines.cell).replace(f"<td>{mark}</td>", marked)
        cell = self._notebooks.cell(lines.cell)
        text = cell.source if lines.kind == "source" else self._notebooks.printed(lines.cell)
        chosen = _between(text.splitlines(), lines)
        if lines.kind != "diff":
            chosen = textwrap.dedent("\n".join(chosen)).splitlines()
        height = _CODE_HEIGHT_WITH_TEXT if beside_text else _CODE_HEIGHT
        size = min(
            _LARGEST,
            _CODE_WIDTH / _LETTER / max(map(len, chosen)),
            height / _LINE / len(chosen),
        )
        code = "\n".join(_line(each, lines.kind, mark) for each in chosen)
        return f'<pre style="font-size: {size:.1f}px"><code>{code}</code></pre>'


def _between(all_lines: list[str], lines: Lines) -> list[str]:
    """Return the lines from the first that contains `first` to the next that contains `last`."""
    start = _index(all_lines, lines.first, 0, lines)
    end = _index(all_lines, lines.last, start, lines) if lines.last else len(all_lines) - 1
    return all_lines[start : end + 1]


def _index(all_lines: list[str], part: str, start: int, lines: Lines) -> int:
    for index in range(start, len(all_lines)):
        if part in all_lines[index]:
            return index
    raise SlidesError(f"slides.toml: no line of {lines.cell} contains {part!r}")


def _line(line: str, kind: str, mark: str) -> str:
    kinds = []
    if kind == "diff":
        kinds += {"+": ["added"], "-": ["removed"]}.get(line[:1], [])
    if mark and mark in line:
        kinds.append("marked")
    shown = html.escape(line) or " "
    return f'<span class="{" ".join(kinds)}">{shown}</span>' if kinds else shown


def _image(drawing: Drawing) -> str:
    figure = drawing.figure
    figure.set_dpi(_SHARPER * DPI)
    data = data_url(figure._repr_png_())
    width, height = (round(DPI * inches) for inches in figure.get_size_inches())
    alt = html.escape(drawing.alt)
    return f'<img src="{data}" alt="{alt}" width="{width}" height="{height}">'


def _reveal_folder() -> Path:
    """Return where sphinx-revealjs, which is not imported, keeps the files of reveal.js."""
    package = find_spec("sphinx_revealjs")
    if package is None or package.origin is None:
        raise SlidesError("sphinx-revealjs, which has reveal.js, is not installed: make setup")
    return Path(package.origin).parent / "_static" / "revealjs"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _script(path: Path) -> str:
    r"""Return a script that may stand in a page, where `</script` and `<!--` would end it."""
    return _text(path).replace("</script", r"<\/script").replace("<!--", r"<\!--")
