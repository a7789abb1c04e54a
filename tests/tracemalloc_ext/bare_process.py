"""Run tests of this folder in a process in which there is nothing else."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

UNUSED = ["debugging", "doctest", "faulthandler", "junitxml", "legacypath", "pastebin", "unittest"]

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
    options += [f"--rootdir={HERE}", f"--confcutdir={HERE}"]
    for plugin in UNUSED:  # each search looks at all that they import
        options += ["-p", f"no:{plugin}"]
    options += names
    code = f"{first}\nimport sys, pytest\nsys.exit(pytest.main(sys.argv[1:]))"
    result = subprocess.run(
        [sys.executable, "-c", code, *options],
        cwd=HERE,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "BARE_PROCESS": "1"},
        capture_output=True,
        text=True,
        timeout=3600,  # ends a process that hangs; no machine is that slow
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert "passed" in result.stdout
