"""Writes a postmortem as HTML and as Markdown: the same words, and the same pictures."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import jinja2
from markupsafe import Markup, escape

from ghosts.plots.style import data_url
from ghosts.postmortem.compose import Postmortem
from ghosts.postmortem.document import Picture, Section
from ghosts.postmortem.text import Span, Text

_SPECIAL: Final = re.compile(r"([\\`*<>|\[\]]|(?<!\w)_|_(?!\w))")
"""What Markdown would read as markup."""
_WITHIN_THE_PAGE: Final = re.compile(r"\[([^\[\]]*)\]\(#[^)]*\)")
"""A link to a figure's row."""


def write_postmortem(postmortem: Postmortem, page: Path, markdown: Path) -> Path:
    """Write one self-contained HTML file, and Markdown with its pictures in a folder beside it.

    Returns that folder, which is named as the Markdown file without its ending.

    Raises:
        OSError: a file cannot be written.
    """
    folder = markdown.with_suffix("")
    blocks = (block for section in postmortem.sections for block in section.blocks)
    pictures = {one.name: one.figure._repr_png_() for one in blocks if isinstance(one, Picture)}
    inline = {name: data_url(png) for name, png in pictures.items()}
    beside = {name: f"{folder.name}/{name}.png" for name in pictures}
    html = _render("postmortem.html.j2", postmortem, inline)
    text = _render("postmortem.md.j2", postmortem, beside)
    folder.mkdir(exist_ok=True)
    for name, png in pictures.items():
        (folder / f"{name}.png").write_bytes(png)
    page.write_text(html, encoding="utf-8")
    markdown.write_text(text, encoding="utf-8")
    return folder


def section_as_markdown(section: Section) -> str:
    """Return the words and tables of a section for a notebook, which shows pictures by itself."""
    template = _TEMPLATES.get_template("block.md.j2")
    blocks = (block for block in section.blocks if not isinstance(block, Picture))
    text = "\n".join(template.render(block=block) for block in blocks)
    return _WITHIN_THE_PAGE.sub(r"\1", text)


def _render(template: str, postmortem: Postmortem, pictures: Mapping[str, str]) -> str:
    return _TEMPLATES.get_template(template).render(postmortem=postmortem, pictures=pictures)


def _as_html(text: Text) -> Markup:
    return Markup("").join(_span_as_html(span) for span in text)


def _span_as_html(span: Span) -> Markup:
    words = escape(span.text).replace("\n", Markup("<br>"))
    if span.code:
        words = Markup("<code>{}</code>").format(span.text)
    if span.url:
        return Markup('<a href="{}">{}</a>').format(span.url, words)
    if span.open:
        return Markup('<mark class="open">{}</mark>').format(words)
    if span.figure:
        return Markup('<b class="figure" data-figure="{}">{}</b>').format(span.figure, words)
    return words


def _as_markdown(text: Text) -> str:
    return "".join(map(_span_as_markdown, text))


def _span_as_markdown(span: Span) -> str:
    if span.code:
        return f"`{span.text}`"
    words = _SPECIAL.sub(r"\\\1", span.text).replace("\n", "<br>")
    if span.url:
        return f"[{words}]({span.url})"
    return f"**{words}**" if span.figure or span.open else words


def _as_cell(text: Text) -> str:
    """Return Markdown for a cell of a table, which a bar would end even in code."""
    bars = (replace(one, text=one.text.replace("|", r"\|")) if one.code else one for one in text)
    return _as_markdown(tuple(bars))


_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",)),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters |= {"as_html": _as_html, "as_markdown": _as_markdown, "as_cell": _as_cell}
