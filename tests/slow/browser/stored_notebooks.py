"""What the notebooks in the checkout are to show: as many pictures, and errors where announced."""

from pathlib import Path
from typing import Final

import pytest
from nbformat import NotebookNode
from notebook_form import read
from notebook_rules import code_cells

FOLDER: Final = Path(__file__).resolve().parents[3] / "notebooks"
PATHS: Final = sorted(
    path.relative_to(FOLDER)
    for path in FOLDER.rglob("*.ipynb")
    if not any(part.startswith(".") for part in path.relative_to(FOLDER).parts)
)
every_notebook = pytest.mark.parametrize("path", PATHS, ids=str)


def stored(path: Path) -> NotebookNode:
    return read(FOLDER / path)


def pictures(notebook: NotebookNode) -> int:
    """Return how many there are, but for those that a player takes the place of in JupyterLab."""
    outputs = (output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs)
    return sum(
        "image/png" in data and not "".join(data.get("text/plain", "")).startswith("Player(")
        for data in outputs
    )


def announced_errors(notebook: NotebookNode) -> list[int]:
    """Which code cells, from 0, are tagged as raising one."""
    tags = [cell.metadata.get("tags", ()) for cell in code_cells(notebook)]
    return [place for place, own in enumerate(tags) if "raises-exception" in own]
