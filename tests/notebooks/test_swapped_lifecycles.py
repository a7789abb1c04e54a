"""A mutation: with the lifecycles swapped, the notebooks that tell them apart must fail."""

import subprocess
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell
from notebook_form import read

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parents[1] / "notebooks"
SWAP = f"import sys; sys.path.insert(0, {str(HERE)!r}); import swapped"


@pytest.mark.parametrize("name", ["00_start_here", "02_the_ghosts", "03_the_fix"])
def test_a_notebook_fails_over_its_ghosts_when_the_lifecycles_are_swapped(name: str) -> None:
    notebook = read(NOTEBOOKS / f"{name}.ipynb")
    notebook.cells.insert(0, new_code_cell(SWAP))
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": NOTEBOOKS}}
    )
    with pytest.raises(CellExecutionError) as failure:
        client.execute(stderr=subprocess.DEVNULL)
    assert failure.value.ename == "AssertionError"
    assert "last.ghosts == " in str(failure.value)
