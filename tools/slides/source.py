"""What `notebooks/slides.toml` says: the slides in order, their times, the facts, the questions.

Text is Markdown. A number in it is a fact, written ``{{ gauge }}``: a pattern that is found once in
the stored output of a cell, so that no figure on a slide can differ from the notebooks'.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

TALKS: Final = (20, 45)
"""Minutes of each talk; the shorter one leaves out slides of the longer one."""

_strict: Final[Any] = {"extra": "forbid"}


class SlidesError(Exception):
    """The deck cannot be made; the message is one line that says what to change."""


def _seconds(written: Any) -> int:
    minutes, _, seconds = str(written).partition(":")
    if not (minutes.isdecimal() and seconds.isdecimal() and len(seconds) == 2):
        raise ValueError(f'{written!r} is not a time such as "1:30"')
    return 60 * int(minutes) + int(seconds)


Seconds = Annotated[int, BeforeValidator(_seconds)]
Cell = Annotated[str, Field(pattern=r"^\d\d/[\w-]+$")]
"""A notebook's number and a cell's id: ``02/3b3ae4af``."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Picture:
    """A figure: the last value of these cells, or an expression of their names."""

    cells: tuple[Cell, ...]
    draw: str = ""
    height: float = 5.8
    """Inches at most, a hundred pixels of the slide each."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Lines:
    """What a cell has printed, or its source: as code, as a diff, or as a table."""

    cell: Cell
    kind: Literal["output", "source", "diff", "table"] = "output"
    first: str = ""
    """The first line shown contains this; that and `last` are for code."""
    last: str = ""
    mark: str = ""
    """What stands out: the lines that contain this, or a table's cells that are this."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Slide:
    """One idea: its title is the finding."""

    title: str
    minutes: dict[int, Seconds]
    """Seconds, by talk; a talk that is not here does without this slide."""
    notes: str
    picture: Picture | None = None
    lines: Lines | None = None
    text: str = ""
    look: Literal["", "opening"] = ""
    asked: tuple[str, ...] = ()
    """The questions, by their names, that this slide may raise."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Question:
    """What an SRE asks, as notebook 00 lists it, and the answer to give."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True, config=_strict)
class Source:
    """The whole file."""

    questions_in: Cell
    """The cell with the table of questions and of where they are answered."""
    before_the_talk: str
    """What the speaker does first; in the notes of the first slide."""
    facts: dict[str, tuple[Cell, re.Pattern[str]]]
    questions: dict[str, Question]
    slides: tuple[Slide, ...]

    def slides_of(self, talk: int) -> list[Slide]:
        """Return the slides of a talk, in order."""
        return [slide for slide in self.slides if talk in slide.minutes]


def read_source(path: Path) -> Source:
    """Return what the file says; raises SlidesError if it is not TOML, or not such a deck."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        source = TypeAdapter(Source).validate_python(said)
    except tomllib.TOMLDecodeError as error:
        raise SlidesError(f"{path.name}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SlidesError(f"{path.name}, {place}: {first['msg']}") from None
    _check_names(source, path.name)
    return source


def _check_names(source: Source, file: str) -> None:
    asked = {name for slide in source.slides for name in slide.asked}
    for name in asked ^ source.questions.keys():
        raise SlidesError(f"{file}: question {name!r} is not both in `questions` and `asked`")
    for slide in source.slides:
        if not slide.minutes or not slide.minutes.keys() <= set(TALKS):
            raise SlidesError(f"{file}, slide {slide.title!r}: `minutes` are of {TALKS}")
