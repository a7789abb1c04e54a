"""A folder as a user has it, with files that a service may change, and what is in it."""

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from new_process import NOBODY

IS_ROOT: Final = sys.platform != "win32" and os.geteuid() == 0
_TESTS: Final = os.environ.setdefault("GHOSTS_CHECK_TESTS", str(os.getpid()))
TEMPORARY: Final = f"ghosts-check-left-{_TESTS}-"
"""How the names of the temporary files begin that a test makes: a test in another process, which
inherits the environment, finds them, and other tests of this machine do not."""


def stay_as_you_are() -> None:
    """Be the user that runs the tests."""


@contextmanager
def empty_folder() -> Iterator[Path]:
    """Yield a new folder; an ordinary user who is given it can enter it, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made).resolve()


def fill(folder: Path) -> None:
    """Make the folder, and files in it."""
    (folder / "sub").mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    (folder / "sub" / "log.txt").write_text("before\n")
    with closing(sqlite3.connect(folder / "app.db")) as database, database:
        database.execute("create table sessions (device)")
    (folder / "helper.py").write_text("VALUE = 1\n")


def give_away(folder: Path) -> None:
    """Let the ordinary user have a folder and all in it."""
    if IS_ROOT:
        for each in (folder, *folder.rglob("*")):
            os.chown(each, NOBODY, NOBODY)


def content(folder: Path) -> dict[str, tuple[bytes | None, int, int, int]]:
    """Return what is in a folder: bytes, permissions, owner and times."""
    return {
        str(each.relative_to(folder)): (
            each.read_bytes() if each.is_file() else None,
            each.stat().st_mode,
            each.stat().st_uid,
            each.stat().st_mtime_ns,
        )
        for each in (folder, *sorted(folder.rglob("*")))
    }


def temporary_files() -> set[str]:
    """Return the temporary files of tests that are there."""
    return set(map(str, Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*")))
