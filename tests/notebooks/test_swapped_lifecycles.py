"""A mutation: with the lifecycles swapped, the notebooks that tell them apart must fail."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

SWAP = """
import ghosts.replay as replays

def _other(name):
    return {"gather_all": "supervised", "supervised": "gather_all"}[name]

def _one(scenario, name, *, run=replays.replay, **options):
    return run(scenario, _other(name), **options)

def _both(scenario, *names, run=replays.replay_side_by_side):
    return run(scenario, *map(_other, names))

replays.replay, replays.replay_side_by_side = _one, _both
"""


@pytest.mark.parametrize("name", ["02_the_ghosts", "03_the_fix"])
def test_a_notebook_fails_when_the_lifecycles_are_swapped(name: str) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(SWAP))
    with pytest.raises(CellExecutionError) as failure:
        NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert failure.value.ename == "AssertionError"
