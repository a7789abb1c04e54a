"""Tests of this folder in processes in which there is nothing else."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

PURE_PYTHON = """
import asyncio
import nest_asyncio

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
nest_asyncio.apply(loop)
assert asyncio.Task is asyncio.tasks._PyTask
"""


def run_tests(names: list[str], *, first: str = "") -> None:
    # Without the project's conftest and plugins: they import pandas and matplotlib.
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "-c", os.devnull]
    options += [f"--rootdir={HERE}", f"--confcutdir={HERE}", *names]
    code = f"{first}\nimport sys, pytest\nsys.exit(pytest.main(sys.argv[1:]))"
    result = subprocess.run(
        [sys.executable, "-c", code, *options],
        cwd=HERE,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "BARE_PROCESS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert "passed" in result.stdout


def test_the_whole_process_is_searched() -> None:
    run_tests(sorted(path.name for path in HERE.glob("test_why_*.py")))


def test_the_whole_package_works_on_the_pure_python_tasks_of_nest_asyncio() -> None:
    # Arrays, keys and odd classes have nothing to do with tasks.
    others = {Path(__file__).name, "test_arrays.py", "test_keys.py", "test_hostile_classes.py"}
    names = sorted(path.name for path in HERE.glob("test_*.py") if path.name not in others)
    run_tests(names, first=PURE_PYTHON)
