"""The deck of one talk as one page of HTML that loads nothing: reveal.js and pictures are in it."""

import html
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markdown_it import MarkdownIt

from ghosts.plots.style import DPI, Figure, data_url
from slides.cells import Drawing, Notebooks
from slides.source import TALKS, Lines, Slide, SlidesError, Source

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
    notes: str
    origin: str
    """The notebook of what is shown."""
    figure: Figure | None


class Deck:
    """All slides of all talks, drawn once."""

    def __init__(self, source: Source, notebooks: Notebooks) -> None:
        self._source = source
        self._notebooks = notebooks
        self._facts = {name: notebooks.fact(name, *of) for name, of in source.facts.items()}
        self._words = Environment(undefined=StrictUndefined)
        self._answers = dict(self._answered())
        self.slides = [self._drawn(slide) for slide in source.slides]

    def _answered(self) -> Iterator[tuple[str, str]]:
        """Yield each question, its answer, and where the notebooks have more of it."""
        table = self._source.questions_in
        places = {
            question: re.sub("^here", f"`{self._notebooks.name(table)}`", place)
            for question, place in self._notebooks.places(table).items()
        }
        answered = {question.question for question in self._source.questions.values()}
        for one in sorted(places.keys() ^ answered):
            raise SlidesError(
                f"question {one!r} is not both in slides.toml and in the table of {table}"
            )
        for name, question in self._source.questions.items():
            answer = self._fill(question.answer, name).strip()
            yield name, f"**{question.question}** {answer} (More: {places[question.question]}.)"

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
            licence=(reveal / "LICENSE").read_text(encoding="utf-8"),
            styles=[_text(reveal / "dist/reset.css"), _text(reveal / "dist/reveal.css")],
            scripts=[
                _script(reveal / name) for name in ("dist/reveal.js", "plugin/notes/notes.js")
            ],
            style=_text(HERE / "deck.css"),
        )

    def _drawn(self, slide: Slide) -> Drawn:
        title = self._fill(slide.title, slide.title)
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
            text=_markdown.render(self._fill(slide.text, title)) if slide.text else "",
            shown=shown,
            notes=_markdown.render("\n\n".join(self._notes(slide, title))),
            origin=origin,
            figure=drawing.figure if drawing else None,
        )

    def _notes(self, slide: Slide, title: str) -> Iterator[str]:
        """Yield the paragraphs of a slide's notes: its times, what to say, the answers at hand."""
        yield " · ".join(self._times(slide))
        yield self._fill(slide.notes, title)
        asked = self._answers if slide is self._source.slides[-1] else slide.asked
        for name in asked:
            yield f"If asked: {self._answers[name]}"

    def _times(self, slide: Slide) -> Iterator[str]:
        for talk in TALKS:
            if talk not in slide.minutes:
                yield f"{talk} min: skipped"
                continue
            slides = self._source.slides_of(talk)
            ends = list(accumulate(each.minutes[talk] for each in slides))
            at = next(i for i, each in enumerate(slides) if each is slide)
            yield f"**{talk} min: {clock(slide.minutes[talk])}**, until {clock(ends[at])}"

    def _fill(self, text: str, where: str) -> str:
        try:
            return self._words.from_string(text).render(self._facts)
        except TemplateError as error:
            raise SlidesError(f"slides.toml, {where!r}: {error}") from None

    def _shown(self, lines: Lines, *, beside_text: bool) -> str:
        mark = self._fill(lines.mark, lines.cell)
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


def clock(seconds: int) -> str:
    """Return seconds as a presenter reads them: ``1:30``."""
    return f"{seconds // 60}:{seconds % 60:02}"


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
