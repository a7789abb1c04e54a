"""The one form in which a notebook is stored, so that a diff shows nothing but what changed."""

import copy
import hashlib
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import reads_json

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_VIEW = "application/vnd.jupyter.widget-view+json"


def stored_notebooks(folder: Path) -> list[Path]:
    """Return the notebooks of a folder, the exercises too; not those that a reader works in."""
    return [*sorted(folder.glob("*.ipynb")), *sorted((folder / "exercises").glob("*.ipynb"))]


def read(path: Path) -> NotebookNode:
    """Read a notebook as it stands, valid or not; raises json.JSONDecodeError if it is not JSON."""
    return reads_json(path.read_text(encoding="utf-8"))


def dumps(notebook: NotebookNode) -> str:
    """Return the text of the file, keys sorted; raises nbformat.ValidationError."""
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)) + "\n"


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Return a copy in the stored form; the cells' sources stay as they are.

    Gone are times, widget state, views of widgets (their ids differ on every run, and JupyterLab
    would show an error instead of the picture beside it), tracebacks (they hold paths) and what an
    editor left in the metadata; tags stay. A result's count is its cell's. A cell without an id, or
    with the id of an earlier one, gets one made from its position and source.
    """
    notebook = copy.deepcopy(notebook)
    notebook.update(nbformat.from_dict({"metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}))
    ids: set[str] = set()
    for position, cell in enumerate(notebook.cells):
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k == "tags" and v})
        if cell.get("id") in ids | {None}:
            cell.id = hashlib.sha256(f"{position}\n{cell.source}".encode()).hexdigest()[:8]
        ids.add(cell.id)
        if "outputs" in cell:
            for output in cell.outputs:
                output.get("data", {}).pop(_VIEW, None)
            cell.outputs = [output for output in cell.outputs if output.get("data") != {}]
        for output in cell.get("outputs", ()):
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
            if output.output_type == "error":
                output.traceback = [f"{output.ename}: {output.evalue}"]
    return notebook
