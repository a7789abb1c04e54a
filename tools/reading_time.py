"""How long a reader takes for a page, a notebook or a source file, at rates that are assumed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from nbformat import NotebookNode
from notebook_form import read


@dataclass(frozen=True, slots=True)
class Text:
    """What there is to read: words of prose, lines of code and of output, pictures."""

    words: int = 0
    code_lines: int = 0
    output_lines: int = 0
    pictures: int = 0

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return what a file has: a notebook with its stored outputs, a page, or source code."""
        if path.suffix == ".ipynb":
            return cls._of_cells(read(path).cells)
        text = path.read_text(encoding="utf-8")
        return (
            cls(words=len(text.split())) if path.suffix == ".md" else cls(code_lines=_lines(text))
        )

    @classmethod
    def _of_cells(cls, cells: list[NotebookNode]) -> Self:
        code = [cell for cell in cells if cell.cell_type == "code"]
        outputs = [output for cell in code for output in cell.outputs]
        return cls(
            words=sum(_words(cell.source) for cell in cells if cell.cell_type == "markdown"),
            code_lines=sum(_lines(cell.source) for cell in code),
            output_lines=sum(map(_lines, _printed(outputs))),
            pictures=sum("image/png" in output.get("data", {}) for output in outputs),
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast somebody reads."""

    words_per_minute: float
    seconds_per_code_line: float
    seconds_per_output_line: float
    seconds_per_picture: float

    def minutes(self, text: Text) -> float:
        """Return the minutes that a text takes."""
        seconds = (
            text.code_lines * self.seconds_per_code_line
            + text.output_lines * self.seconds_per_output_line
            + text.pictures * self.seconds_per_picture
        )
        return text.words / self.words_per_minute + seconds / 60


def _words(markdown: str) -> int:
    """Return the number of words that are seen: not the targets of links, and no marks."""
    return len(re.findall(r"\w[^\s|]*", re.sub(r"\]\([^)]*\)", "]", markdown)))


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def _printed(outputs: list[NotebookNode]) -> Iterator[str]:
    for output in outputs:
        data = output.get("data", {})
        if "text" in output:
            yield output.text
        elif "text/plain" in data and "image/png" not in data:
            yield data["text/plain"]
