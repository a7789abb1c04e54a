"""What the book consists of: found by listing folders, so that nothing can be forgotten."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
ROOT_PAGE: Final = "README.md"
_CHAPTERS: Final = {
    "The story": "notebooks/*.ipynb",
    "Exercises": "notebooks/exercises/*.ipynb",
    "Documentation": "docs/**/*.md",
    "Libraries": "lib/**/*.md",
    "API": "book/api/*.md",
    "Data": "data/**/*.md",
    "Project": "[!R]*.md",
}
LINK: Final = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
"""A link of Markdown within the repository: its path, if any, and its anchor, if any."""
CODE: Final = {
    ".py": "python",
    ".toml": "toml",
    ".yml": "yaml",
    ".json": "json",
    ".csv": "text",
    ".diff": "diff",
}
"""The files that become a page when a page links to them, with their language."""


def _listed(pattern: str) -> list[str]:
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted(ROOT.glob(pattern))
        if ".ipynb_checkpoints" not in path.parts
    ]


PAGES: Final = (ROOT_PAGE, *(page for each in _CHAPTERS.values() for page in _listed(each)))
"""The Markdown pages and notebooks of the book, as paths from the repository's root."""


def prose(page: Path) -> str:
    """Return the Markdown of a page, or of a notebook's text cells."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def linked_files() -> Iterator[str]:
    """Yield the files of the repository that pages link to and that are shown as code."""
    found = set()
    for page in map(ROOT.joinpath, PAGES):
        for target, _ in LINK.findall(prose(page)):
            path = (page.parent / target).resolve()
            if path.suffix in CODE and path.is_file():
                found.add(path.relative_to(ROOT).as_posix())
    yield from sorted(found)


def contents() -> str:
    """Return the book's table of contents, as Markdown for the end of its first page."""
    lines = []
    for title, pattern in _CHAPTERS.items():
        if found := _listed(pattern):
            lines += ["", "```{toctree}", ":hidden:", f":caption: {title}", ""]
            lines += [_entry(page) for page in found]
            lines += ["```"]
    return "\n".join(lines)


def _entry(page: str) -> str:
    """Return a page's line in the contents; a notebook's begins with its number."""
    if not page.endswith(".ipynb"):
        return f"/{page}"
    title = prose(ROOT / page).partition("\n")[0].removeprefix("# ")
    return f"{Path(page).name.partition('_')[0]} {title} </{page}>"
