import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve()

RUN = """
import asyncio, sys
import nest_asyncio, pytest

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
nest_asyncio.apply(loop)
assert asyncio.Task is asyncio.tasks._PyTask
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_the_whole_package_works_on_the_pure_python_tasks_of_nest_asyncio():
    others = sorted(str(path) for path in HERE.parent.glob("test_*.py") if path != HERE)
    # Without the project's conftest and plugins: they import pandas and matplotlib, and `why` would
    # search all of it.
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "-c", os.devnull]
    options += [f"--rootdir={HERE.parent}", f"--confcutdir={HERE.parent}"]
    result = subprocess.run(
        [sys.executable, "-c", RUN, *options, *others],
        cwd=HERE.parent,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert "passed" in result.stdout
