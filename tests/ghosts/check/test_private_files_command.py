"""The command ``ghosts check`` leaves the files of a service that writes as they were."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from new_process import forbid_namespaces, in_new_process
from user_folder import (
    IS_ROOT,
    TEMPORARY,
    content,
    empty_folder,
    fill,
    stay_as_you_are,
    temporary_files,
)

from ghosts.check.check import check_cells
from ghosts.check.plan import parse_cell
from ghosts.check.service import Service, load

NOTE: Final = "files that the service writes are the real ones: this system offers no copy"
PR_CAPBSET_DROP: Final = 24
CAP_SETFCAP: Final = 31
CAPABILITIES: Final = frozenset(range(64)) - {CAP_SETFCAP}  # with it, root may map its own id
SERVICE: Final = f"""
import logging
import os
import sqlite3
import tempfile

import helper

logging.basicConfig(filename="app.log", level=logging.INFO)
logging.info("imported")
os.remove("notes.txt")


async def handler(websocket):
    logging.info("connected")
    with open("sub/log.txt", "a") as file:
        file.write("connected\\n")
    with sqlite3.connect("app.db") as database:
        database.execute("insert into sessions values ('device')")
    tempfile.mkstemp(prefix="{TEMPORARY}")
    async for message in websocket:
        assert "imported" in open("app.log").read()
        await websocket.send(message)
"""
PROGRAM: Final = """
import subprocess

subprocess.run(["sh", "-c", "echo run >>runs.txt; rm helper.py"], check=True)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with empty_folder() as base:
        fill(base / "app")
        (base / "app" / "service.py").write_text(SERVICE)
        yield base / "app"


def lose_capabilities() -> None:
    """Make programs that root starts from now on do only what an ordinary user may do."""
    if IS_ROOT and sys.platform == "linux":
        for capability in CAPABILITIES:
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def check_by_command(prepare: Callable[[], None], folder: Path) -> tuple[int, str]:
    prepare()
    arguments = "check service:handler --only healthy,close --devices 2 --stay 3"
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    run = subprocess.run(
        [Path(sys.executable).with_name("ghosts"), *arguments.split()],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return run.returncode, run.stdout


@pytest.mark.parametrize(
    "prepare", [stay_as_you_are, pytest.param(lose_capabilities, marks=pytest.mark.slow)]
)
def test_the_command_leaves_every_file_as_it_was(prepare: Callable[[], None], folder: Path) -> None:
    with open(folder / "service.py", "a") as file:
        file.write(PROGRAM)
    before, temporary = content(folder), temporary_files()
    code, output = in_new_process(check_by_command, prepare, folder)
    if code == 2 or NOTE in output:
        pytest.skip(f"this system offers no private network or no copy: {output}")
    assert code == 0, output
    assert "the service writes sub/log.txt (a copy) at " in output
    assert "the service opens the database app.db (a copy) at " in output
    assert content(folder) == before
    assert temporary_files() == temporary


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no namespaces")
def test_the_command_notes_that_it_could_not_copy(folder: Path) -> None:
    code, output = in_new_process(check_by_command, forbid_namespaces, folder)
    for each in temporary_files():
        os.remove(each)
    assert code == 0, output
    assert NOTE in output
    assert "(a copy)" not in output
    assert "imported" in (folder / "app.log").read_text()
    assert not (folder / "notes.txt").exists()


IN_A_TEST: Final = """
async def handler(websocket):
    with open("sub/log.txt", "a") as file:
        file.write("connected\\n")
    async for message in websocket:
        await websocket.send(message)
"""


def check_without_guard(folder: Path) -> tuple[str, object, object]:
    os.chdir(folder)
    service = Service(target="service:handler", devices=2, stay=3.0)
    app = load(service.target, service.app_dir)
    before = content(folder)
    report = check_cells(service, app, None, only=[parse_cell("healthy,close")])
    return str(report), before, content(folder)


def test_forks_of_a_process_without_a_guard_have_copies_of_their_own(folder: Path) -> None:
    (folder / "service.py").write_text(IN_A_TEST)
    output, before, after = in_new_process(check_without_guard, folder)
    assert ("the service writes sub/log.txt (a copy) at " in output) is (NOTE not in output)
    assert (before == after) is (NOTE not in output)
