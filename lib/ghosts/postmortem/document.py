"""A postmortem as sections of a few kinds of blocks: what both renderings are made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ghosts.plots.style import Figure
from ghosts.postmortem.text import Text


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences."""

    text: Text
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of items."""

    entries: tuple[Text, ...]
    kind: str = "bullets"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under the names of the columns; the first cell of a row names it.

    ``anchors``, if there are any, are the names by which links find each row.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    anchors: tuple[str, ...] = ()
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of code or of a command."""

    text: str
    kind: str = "listing"


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, and the name of its file."""

    name: str
    figure: Figure
    kind: str = "picture"


Block: TypeAlias = Paragraph | Bullets | Table | Listing | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def open_parts(self) -> list[str]:
        """What is still to be filled, after the title of the section."""
        spans = (span for text in _texts(self.blocks) for span in text)
        return [f"{self.title}: {span.text.partition(': ')[2]}" for span in spans if span.open]


def _texts(blocks: tuple[Block, ...]) -> Iterator[Text]:
    for block in blocks:
        match block:
            case Paragraph(text):
                yield text
            case Bullets(entries):
                yield from entries
            case Table(_, rows):
                yield from (cell for row in rows for cell in row)
