"""A mutation: with incident and fix swapped, the notebooks that tell them apart must fail."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.filters import strip_ansi
from notebook_form import read

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parents[2] / "notebooks"


@pytest.mark.parametrize(
    ("name", "assertion"),
    [
        ("00_start_here", "assert same"),
        ("02_the_ghosts", "assert ghosts"),
        ("03_the_fix", "assert same"),
    ],
)
def test_a_notebook_fails_over_its_ghosts_when_incident_and_fix_are_swapped(
    name: str, assertion: str
) -> None:
    client = NotebookClient(
        read(NOTEBOOKS / f"{name}.ipynb"),
        kernel_name="python3",
        timeout=3600,
        resources={"metadata": {"path": NOTEBOOKS}},
    )
    # The path reaches the kernel and the processes that it starts.
    swapped = {**os.environ, "PYTHONPATH": str(HERE / "swapped")}
    with pytest.raises(CellExecutionError) as failure:
        client.execute(stderr=subprocess.DEVNULL, env=swapped)
    assert failure.value.ename == "AssertionError"
    failing = re.findall(r"^-+> \d+ +(.*)$", strip_ansi(str(failure.value)), re.MULTILINE)
    assert assertion in failing
