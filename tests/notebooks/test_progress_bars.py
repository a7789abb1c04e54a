"""Bars of a running cell: shown in a kernel, at once or once it takes long; nothing elsewhere."""

import subprocess

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from ghosts.notebook import progress

VIEW = "application/vnd.jupyter.widget-view+json"
CELLS = {
    "at once": "with progress('replay', 10) as bar:\n    bar(3)",
    "soon over": "with progress('replay', 10, after=3600) as bar:\n    bar(3)",
    "takes long": "with progress('replay', 10, after=0.1) as bar:\n    sleep(0.2)\n    bar(3)",
}


@pytest.fixture(scope="module")
def cells() -> dict[str, NotebookNode]:
    """The cells after a run."""
    first = "from time import sleep\nfrom ghosts.notebook import progress"
    notebook = new_notebook(cells=[new_code_cell(first), *map(new_code_cell, CELLS.values())])
    client = NotebookClient(notebook, kernel_name="python3", timeout=120)
    client.execute(stderr=subprocess.DEVNULL)
    return dict(zip(CELLS, notebook.cells[1:], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "bars"), [("at once", 1), ("soon over", 0), ("takes long", 1)])
def test_a_cell_shows_a_bar_where_it_takes_long(
    cells: dict[str, NotebookNode], name: str, bars: int
) -> None:
    views = [output for output in cells[name].outputs if VIEW in output.get("data", {})]
    assert len(views) == bars


def test_outside_of_a_kernel_nothing_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("replay", 10) as advance:
        advance(3)
    assert capfd.readouterr() == ("", "")
