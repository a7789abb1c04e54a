"""What slides take from notebooks: stored outputs, sources, and figures drawn at a slide's size."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from notebook_form import read
from rich.text import Text

import ghosts.plots
from ghosts.plots.style import Figure, at_most
from slides.source import Picture, SlidesError


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure without its finding, which the slide's title says, and its alternative text."""

    figure: Figure
    alt: str


class Notebooks:
    """The notebooks of a folder; a cell is named ``02/3b3ae4af``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, dict[str, NotebookNode]] = {}
        self._names: dict[tuple[str, ...], dict[str, Any]] = {(): vars(ghosts.plots)}

    def name(self, cell: str) -> str:
        """Return the name of a cell's notebook, ``02_the_ghosts``."""
        number = cell.partition("/")[0]
        for path in self._folder.glob(f"{number}_*.ipynb"):
            return path.stem
        raise SlidesError(f"slides.toml names cell {cell}, and no notebook is numbered {number}")

    def cell(self, name: str) -> NotebookNode:
        """Return a cell; raises SlidesError if there is none of that name."""
        notebook = self.name(name)
        if notebook not in self._read:
            cells = read(self._folder / f"{notebook}.ipynb").cells
            self._read[notebook] = {each.id: each for each in cells}
        cell = self._read[notebook].get(name.partition("/")[2])
        if cell is None:
            raise SlidesError(f"slides.toml names cell {name}, and {notebook} has none of that id")
        return cell

    def printed(self, name: str) -> str:
        """Return what a code cell has printed, as stored, without colours, and its text results."""
        outputs = self.cell(name).get("outputs", ())
        texts = (each.get("text") or each.get("data", {}).get("text/plain", "") for each in outputs)
        return Text.from_ansi("\n".join(_joined(each).rstrip() for each in texts)).plain.rstrip()

    def table(self, name: str) -> str:
        """Return the HTML table that a cell shows, without its own style."""
        for output in self.cell(name).get("outputs", ()):
            page = _joined(output.get("data", {}).get("text/html", ""))
            if found := re.search(r"<table.*?</table>", page, re.DOTALL):
                return found[0]
        raise SlidesError(f"slides.toml wants the table of cell {name}, which shows none")

    def places(self, name: str) -> dict[str, str]:
        """Return a text cell's Markdown table of two columns, without its head."""
        rows = re.findall(r"^\| (.+) \| (.+) \|$", self.cell(name).source, re.MULTILINE)
        return dict(rows[2:])

    def fact(self, name: str, cell: str, pattern: re.Pattern[str]) -> str:
        """Return what the pattern's group matches in a cell's output: it has to match once."""
        found = re.findall(pattern.pattern, self.printed(cell), re.MULTILINE)
        if len(found) != 1:
            raise SlidesError(
                f"slides.toml, fact {name}: {pattern.pattern!r} is {len(found)} times in what "
                f"{cell} has printed, and has to be there once"
            )
        return str(found[0])

    def draw(self, picture: Picture) -> Drawing:
        """Return a figure, drawn by the notebook's cells at a slide's size.

        The cells before it on which it depends are named as well; they may be another notebook's.
        """
        *before, last = picture.cells
        run = picture.cells if picture.draw else tuple(before)
        try:
            with at_most(picture.height):
                figure = _run(picture.draw or self.cell(last).source, dict(self._names_after(run)))
        except SlidesError:
            raise
        except Exception as error:
            raise SlidesError(f"slides.toml, picture {picture.draw or last}: {error!r}") from error
        if not isinstance(figure, Figure):
            raise SlidesError(f"slides.toml: {picture.draw or last} is not a figure")
        alt = figure.alt
        return Drawing(_untitled(figure), alt)

    def _names_after(self, cells: tuple[str, ...]) -> dict[str, Any]:
        """Return the names that there are once these cells have run; each sequence runs once."""
        if cells not in self._names:
            names = dict(self._names_after(cells[:-1]))
            _run(self.cell(cells[-1]).source, names)
            self._names[cells] = names
        return self._names[cells]


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does; return the value of its last line, if that has one."""
    *body, last = ast.parse(source).body
    if not isinstance(last, ast.Expr):
        exec(source, names)
        return None
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def _untitled(figure: Figure) -> Figure:
    """Take the finding off; titles of columns side by side stay."""
    figure.suptitle("")
    titled = [ax for ax in figure.axes if ax.get_title("left")]
    if len(titled) == 1:
        titled[0].set_title("", loc="left")
    return figure
