"""What a notebook leaves running is found in its own kernel, behind its last cell."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from notebook_form import dumps
from synthetic import code, notebook

TIDY = """\
import asyncio, socket, subprocess, sys, threading
async def serve():
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    task = asyncio.ensure_future(asyncio.sleep(99))
    await asyncio.to_thread(len, "")
    task.cancel()
    server.close()
    await server.wait_closed()
thread = threading.Thread(target=asyncio.run, args=(serve(),))
thread.start()
thread.join()"""
LEFT = {
    "thread": "threading.Thread(target=threading.Event().wait, name='left', daemon=True).start()",
    "listening": "listener = socket.create_server(('127.0.0.1', 0))",
    "connected": "door = socket.create_server(('127.0.0.1', 0))\n"
    "here = socket.create_connection(door.getsockname())\n"
    "there, _ = door.accept()\ndoor.close()",
    "task": "async def forever():\n    await asyncio.sleep(1e9)\n"
    "task = asyncio.get_running_loop().create_task(forever())",
    "loop": "loop = asyncio.new_event_loop()",
    "child": "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)",
}
FOUND = {
    "thread": "1 thread left",
    "listening": "1 socket AF_INET LISTEN",
    "connected": "2 socket AF_INET ESTABLISHED",
    "task": "1 pending task forever",
    "loop": "2 socket AF_UNIX NONE",
    "child": "1 process python",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of one run over a tidy notebook, and one that leaves each of the things."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "conftest.py").write_text('pytest_plugins = ["quick_nbval", "leftovers"]\n')
    (folder / "tidy.ipynb").write_text(dumps(notebook(code(TIDY))))
    cells = [code(source, count) for count, source in enumerate(LEFT.values(), start=2)]
    (folder / "untidy.ipynb").write_text(dumps(notebook(code(TIDY), *cells)))
    options = ["--nbval", "--nbval-current-env"]
    for name in ("nbval", "looptime_plugin", "xdist"):
        options += ["-p", f"no:{name}"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--color=no", *options, "--rootdir=.", "."],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout


def test_a_tidy_notebook_passes(report: str) -> None:
    remains = re.findall(r"^tidy\.ipynb: .+$", report, re.MULTILINE)
    assert remains == []
    assert "PASSED tidy.ipynb::Leftovers" in report


@pytest.mark.parametrize("name", LEFT)
def test_what_a_notebook_leaves_running_is_named(name: str, report: str) -> None:
    remains = re.search(
        r"^untidy\.ipynb: after the last cell there remain: (.+)$", report, re.MULTILINE
    )
    assert remains is not None
    assert FOUND[name] in remains[1].split(", ")


def test_all_cells_of_the_notebook_that_leaves_things_pass(report: str) -> None:
    for number in range(len(LEFT) + 1):
        assert f"PASSED untidy.ipynb::Cell {number}" in report
