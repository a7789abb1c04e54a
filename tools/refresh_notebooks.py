"""Run notebooks from top to bottom in a fresh kernel and store their outputs.

    python tools/refresh_notebooks.py            all of them
    python tools/refresh_notebooks.py 02 04_lab  those whose names start so
    python tools/refresh_notebooks.py exercises  those of that folder, or exercises/04: one of them

A notebook with a cell that fails is left as it was.
"""

import copy
import subprocess
import sys
from pathlib import Path

from kernel_environment import ROOT, isolate_kernels
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from notebook_form import dumps, normalise, read, stored_notebooks

NOTEBOOKS = ROOT / "notebooks"
CELL_TIMEOUT = 3600
"""Seconds, the same as for a test run."""


def chosen(prefixes: list[str]) -> list[Path]:
    """Return the notebooks whose names start with a prefix; SystemExit if one has none."""
    paths = {name_of(path): path for path in stored_notebooks(NOTEBOOKS)}
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in paths):
            sys.exit(f"no notebook is named {prefix}...; there are: {list(paths)}")
    return [path for name, path in paths.items() if name.startswith(tuple(prefixes) or "")]


def name_of(path: Path) -> str:
    """Return the name of a notebook: its folder below ``notebooks/``, if any, and its stem."""
    return path.relative_to(NOTEBOOKS).with_suffix("").as_posix()


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Return a copy with the outputs of a run in that folder.

    Raises nbclient's CellExecutionError at the first cell that fails without being marked as one
    that does, CellTimeoutError and DeadKernelError.
    """
    run = copy.deepcopy(notebook)
    for cell in run.cells:
        if "# NBVAL_RAISES_EXCEPTION" in cell.source.splitlines():
            cell.metadata["tags"] = [*cell.metadata.get("tags", ()), "raises-exception"]
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    NotebookClient(
        run,
        kernel_name="python3",
        timeout=CELL_TIMEOUT,
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute(stderr=subprocess.DEVNULL)  # where a kernel logs that its loopback is in plain text
    for cell, before in zip(run.cells, notebook.cells, strict=True):
        cell.metadata = before.metadata
    return run


def main(prefixes: list[str]) -> int:
    """Refresh the notebooks chosen; return 1 if any failed, else 0."""
    isolate_kernels()
    failed = False
    for path in chosen(prefixes):
        print(name_of(path), end=" ", flush=True)
        before = path.read_text(encoding="utf-8")
        try:
            after = dumps(normalise(run(normalise(read(path)), path.parent)))
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"failed and is left as it was\n{error}")
            failed = True
            continue
        path.write_text(after, encoding="utf-8")
        print("unchanged" if after == before else "refreshed")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
