"""Bars of a running cell: shown in a kernel, at once or once it takes long; nothing elsewhere."""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from refresh_notebooks import run

from ghosts.notebook import progress

VIEW = "application/vnd.jupyter.widget-view+json"
CELLS = {
    "at once": "with progress('replay', 10) as bar:\n    bar(3)",
    "soon over": "with progress('replay', 10, after=3600) as bar:\n    bar(3)",
    "takes long": "with progress('replay', 10, after=0.1) as bar:\n    sleep(0.2)\n    bar(3)",
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NotebookNode]:
    """The cells after a run."""
    first = "from time import sleep\nfrom ghosts.notebook import progress"
    notebook = new_notebook(cells=[new_code_cell(first), *map(new_code_cell, CELLS.values())])
    ran = run(notebook, tmp_path_factory.getbasetemp())
    return dict(zip(CELLS, ran.cells[1:], strict=True))


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
