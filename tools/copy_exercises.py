"""Copy the exercises to a folder of the reader's, in which git and `make test` do not look.

    python tools/copy_exercises.py

A copy that is there already stays as it is. Copies have no outputs: a picture that follows a
question would answer it.
"""

from pathlib import Path

from kernel_environment import ROOT
from nbformat import NotebookNode
from notebook_form import dumps, read

EXERCISES = ROOT / "notebooks" / "exercises"
MY_EXERCISES = ROOT / "notebooks" / "my_exercises"
"""Beside the exercises, so that links in them lead to the same pages."""


def copy_exercises(source: Path, target: Path) -> tuple[int, int]:
    """Copy the notebooks that are not there yet; return how many were copied, and were there."""
    target.mkdir(exist_ok=True)
    copied = kept = 0
    for path in sorted(source.glob("*.ipynb")):
        try:
            with (target / path.name).open("x", encoding="utf-8") as copy:
                copy.write(dumps(_without_outputs(read(path))))
        except FileExistsError:
            kept += 1
        else:
            copied += 1
    return copied, kept


def _without_outputs(notebook: NotebookNode) -> NotebookNode:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    return notebook


if __name__ == "__main__":
    copied, kept = copy_exercises(EXERCISES, MY_EXERCISES)
    print(f"{MY_EXERCISES.relative_to(ROOT)}: {copied} copied, {kept} of yours kept as they are")
