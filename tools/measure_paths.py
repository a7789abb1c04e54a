"""Measure how long the notebooks and commands of the paths run, and write the table again.

python tools/measure_paths.py            all of them: some ten minutes, of a machine at rest
python tools/measure_paths.py 10 make    those whose names have this in them
"""

import csv
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

import write_paths
from kernel_environment import ROOT, isolate_kernels
from notebook_form import normalise, read
from path_durations import FOLDER, steps_to_run
from refresh_notebooks import run

from ghosts.processes import cores

_COLUMNS: Final = ("step", "seconds", "cpu_seconds", "cores", "load", "python", "date")


def measure(step: str) -> dict[str, str]:
    """Run a notebook in a fresh kernel, or a command; return its row.

    Raises what a failing notebook or command raises.
    """
    load = os.getloadavg()[0]
    seconds, cpu = _timed(lambda: _run(step))
    return {
        "step": step,
        "seconds": f"{seconds:.1f}",
        "cpu_seconds": f"{cpu:.1f}",
        "cores": str(cores()),
        "load": f"{load:.1f}",
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
    }


def _run(step: str) -> None:
    if step.startswith("make "):
        subprocess.run(step.split(), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    else:
        path = ROOT / step
        run(normalise(read(path)), path.parent)


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    since, used_before = time.perf_counter(), cpu()
    work()
    return time.perf_counter() - since, cpu() - used_before


def main(chosen: list[str]) -> None:
    """Measure what is chosen, keep the other rows, and write the table."""
    isolate_kernels()
    path = FOLDER / "seconds.csv"
    with path.open(encoding="utf-8") as file:
        rows = {row["step"]: row for row in csv.DictReader(file)}
    steps = steps_to_run()
    for step in steps:
        if not chosen or any(part in step for part in chosen):
            rows[step] = measure(step)
            print(step, rows[step]["seconds"], "s", flush=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[step] for step in steps if step in rows)
    write_paths.main()


if __name__ == "__main__":
    main(sys.argv[1:])
