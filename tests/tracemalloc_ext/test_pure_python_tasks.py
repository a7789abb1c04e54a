import subprocess
import sys
from pathlib import Path

HERE = Path(__file__)
ROOT = HERE.parents[2]

RUN = """
import asyncio, sys
import nest_asyncio, pytest

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
nest_asyncio.apply(loop)
assert asyncio.Task is asyncio.tasks._PyTask
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_all_of_it_holds_on_the_tasks_that_nest_asyncio_makes():
    others = sorted(str(path) for path in HERE.parent.glob("test_*.py") if path != HERE)
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "--override-ini=addopts=",
        "-p",
        "no:looptime_plugin",
    ]
    result = subprocess.run(
        [sys.executable, "-c", RUN, *options, *others],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    assert "passed" in result.stdout
