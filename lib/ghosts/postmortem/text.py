"""Text of a postmortem as spans, so that HTML and Markdown say the same words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from ghosts.evidence import Kind
from ghosts.postmortem.figures import Cited, Figures

_OMI: Final = "https://github.com/BasedHardware/omi"
_MARKUP: Final = re.compile(
    r"`(?P<code>[^`]+)`|omi#(?P<issue>\d+)|omi:(?P<file>[\w.-]+/[\w./-]+)"
    r"|(?P<path>(?<![\w/])(?:data|docs|notebooks|lib|tests)/[\w./-]*\w)"
    r"|(?P<url>https?://[^\s<>()]+[^\s<>().,;])|\{(?P<figure>[^{}]+)\}"
)

_NO_ORIGIN: Final = ("", "")
_ENDS_A_SENTENCE: Final = re.compile(r"[.;:]\s")


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one form.

    ``figure`` is the name of the figure that they state. ``open`` says that nobody has written
    this yet.
    """

    text: str
    url: str = ""
    code: bool = False
    figure: str = ""
    open: bool = False


Text: TypeAlias = tuple[Span, ...]


def plain(text: str) -> Text:
    """Return text without any markup."""
    return (Span(text),)


def code(text: str) -> Text:
    """Return text in the form of code."""
    return (Span(text, code=True),)


def parsed(text: str, figures: Figures, origin: tuple[str, str] = _NO_ORIGIN) -> Text:
    """Return a text as spans: `code`, references as links, ``{name}`` as a figure with its source.

    Its lines are run together. ``origin`` is the kind and the source of all of the text: figures
    of the same have no note.

    Raises:
        IncidentError: a figure is not there.
    """
    return tuple(_spans(" ".join(text.split()), figures, origin))


def to_fill(what: str) -> Text:
    """Return what stands in the place of a text that nobody has written yet."""
    return (Span(f"To be filled: {what}", open=True),)


def bare(text: str, figures: Figures) -> str:
    """Return a text with its figures filled in, and without their sources, as for a title.

    Raises:
        IncidentError: a figure is not there.
    """
    return re.sub(r"\{([^{}]+)\}", lambda found: figures.cite(found[1]).text, text)


def sourced(source: str) -> Text:
    """Return where something comes from, its references as links."""
    return tuple(_spans(source, None, _NO_ORIGIN))


def anchor(name: str) -> str:
    """Return the name that a link to a figure's row has within the page."""
    return "figure-" + re.sub(r"\W+", "-", name)


def with_origin(text: Text, kind: str, source: str) -> Text:
    """Return a text with its kind and its source behind it, if it has any."""
    origin = sourced(", ".join(filter(None, (kind, source))))
    return (*text, Span(" ("), *origin, Span(")")) if origin else text


def words(text: Text) -> str:
    """Return a text as its words alone."""
    return "".join(span.text for span in text)


def _spans(text: str, figures: Figures | None, origin: tuple[str, str]) -> Iterator[Span]:
    """Yield a text's spans. Figures of one source in one sentence have it behind the last one."""
    cited: Cited | None = None
    end = 0
    for found in _MARKUP.finditer(text):
        between = text[end : found.start()]
        end = found.end()
        if found.lastgroup != "figure" or figures is None:
            yield from _origin(cited)
            cited = None
            yield from _words(between)
            yield _marked_up(found)
            continue
        figure = figures.cite(found["figure"])
        if cited and (_ENDS_A_SENTENCE.search(between) or not _same_origin(cited, figure)):
            yield from _origin(cited)
        yield from _words(between)
        yield Span(figure.text, figure=figure.name)
        cited = None if (figure.kind, figure.source) == origin else figure
    yield from _origin(cited)
    yield from _words(text[end:])


def _words(text: str) -> Iterator[Span]:
    if text:
        yield Span(text)


def _marked_up(found: re.Match[str]) -> Span:
    match found.lastgroup:
        case "code" | "path":
            return Span(found[found.lastgroup], code=True)
        case "issue":
            return Span(found[0], url=f"{_OMI}/issues/{found['issue']}")
        case "file":
            return Span(found[0], url=f"{_OMI}/blob/main/{found['file']}")
        case "url":
            return Span(found[0], url=found[0])
    return Span(found[0])


def _same_origin(one: Cited, other: Cited) -> bool:
    """Return whether one note stands for both; what is derived has a row of its own each."""
    published = Kind.MEASURED, Kind.STATED
    return one.kind in published and (one.kind, one.source) == (other.kind, other.source)


def _origin(one: Cited | None) -> Iterator[Span]:
    """Yield a figure's kind, and its source or the link to its row among the figures."""
    if one is None:
        return
    if one.kind in (Kind.MEASURED, Kind.STATED):
        yield Span(f" ({one.kind}, ")
        yield from sourced(one.source)
    else:
        yield Span(" (")
        yield Span(one.kind, url=f"#{anchor(one.name)}")
    yield Span(")")
