"""What a service writes goes to copies in memory: the user's files are those from before."""

import ctypes
import importlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from new_process import become_ordinary_user, forbid_namespaces, in_new_process, namespaces
from user_folder import (
    IS_ROOT,
    TEMPORARY,
    content,
    empty_folder,
    fill,
    give_away,
    stay_as_you_are,
    temporary_files,
)

from ghosts.check.confinement import private_files, private_network
from ghosts.check.confinement.namespaces import Kind, call
from ghosts.check.confinement.private_files import Copies, enter

NOTE: Final = "files that the service writes are the real ones: this system offers no copy"
NAMES: Final = ("plain", "with spaces", "a,b:c\\d=e%", "grün", "-o\ttab")
LINUX: Final = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems have no namespaces"
)
USERS: Final = pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user])


@pytest.fixture
def base() -> Iterator[Path]:
    with empty_folder() as base:
        give_away(base)
        yield base


@pytest.fixture
def folder(base: Path) -> Path:
    fill(base / "the user's")
    give_away(base)
    return base / "the user's"


def copied(copies: Copies, folder: Path) -> bool:
    """Return whether what is written in a folder is a copy."""
    return copies.include(str(folder / "any"))


def entered(prepare: Callable[[], None], current: str, *folders: str) -> Copies:
    os.chdir(current)
    prepare()
    return enter(folders)


def append(path: str, text: str) -> str:
    with open(path, "a") as file:
        file.write(text)
    return Path(path).read_text()


def by_python(_: Path) -> object:
    return append("sub/log.txt", "after\n")


def by_absolute_path(folder: Path) -> object:
    append(str(folder / "sub" / "log.txt"), "after\n")
    return Path("sub/log.txt").read_text()


def by_a_program(_: Path) -> object:
    subprocess.run(["sh", "-c", "echo after >>sub/log.txt"], check=True)
    return Path("sub/log.txt").read_text()


def by_c(_: Path) -> object:
    libc = ctypes.CDLL(None)
    handle = libc.open(b"sub/log.txt", os.O_WRONLY | os.O_APPEND)
    libc.write(handle, b"after\n", 6)
    return Path("sub/log.txt").read_text()


def by_a_fork(_: Path) -> object:
    child = os.fork()
    if child == 0:
        private_network.enter()
        append("sub/log.txt", "after\n")
        os._exit(0)
    os.waitpid(child, 0)
    return Path("sub/log.txt").read_text()


def by_a_thread(_: Path) -> object:
    thread = threading.Thread(target=append, args=("sub/log.txt", "after\n"))
    thread.start()
    thread.join()
    return Path("sub/log.txt").read_text()


def by_sqlite(_: Path) -> object:
    with closing(sqlite3.connect("app.db")) as database:
        database.execute("pragma journal_mode = wal")
        with database:
            database.execute("insert into sessions values ('after')")
    with closing(sqlite3.connect("app.db")) as database:
        return f"before\n{database.execute('select device from sessions').fetchone()[0]}\n"


def by_removal(folder: Path) -> object:
    os.remove("notes.txt")
    shutil.rmtree("sub")
    os.mkdir("sub")
    os.chmod(folder, 0o700)
    return f"before\nafter\n{os.listdir('sub') or ''}".replace("[]", "")


def by_import(_: Path) -> object:
    sys.path.insert(0, "")
    sys.dont_write_bytecode = False
    importlib.import_module("helper")
    return "before\nafter\n" if os.path.isdir("__pycache__") else "no __pycache__"


def by_temporary_file(_: Path) -> object:
    handle, name = tempfile.mkstemp(prefix=TEMPORARY)
    os.write(handle, b"before\nafter\n")
    return Path(name).read_text()


WAYS: Final = (
    by_python,
    by_absolute_path,
    by_a_program,
    by_c,
    by_a_fork,
    by_a_thread,
    by_sqlite,
    by_removal,
    by_import,
    by_temporary_file,
)


def write(
    way: Callable[[Path], object], prepare: Callable[[], None], folder: Path
) -> tuple[bool, object]:
    copies = entered(prepare, str(folder), *private_files.folders_of("."))
    return copied(copies, folder), way(folder)


@USERS
@pytest.mark.parametrize("way", WAYS)
def test_what_a_process_writes_is_there_inside_and_not_on_the_disk(
    way: Callable[[Path], object], prepare: Callable[[], None], folder: Path
) -> None:
    before, temporary = content(folder), temporary_files()
    private, inside = in_new_process(write, way, prepare, folder)
    assert inside == "before\nafter\n"
    if private:
        assert content(folder) == before
        assert temporary_files() == temporary


BY_PROGRAMS: Final = """
mount -t tmpfs tmpfs "$0" && cd "$0" && mkdir upper work both &&
mount -t overlay overlay -o lowerdir=/usr,upperdir=upper,workdir=work,userxattr both
"""


def unshare_and_enter(prepare: Callable[[], None], folder: str) -> tuple[bool, bool]:
    prepare()
    run = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", BY_PROGRAMS, folder], stderr=subprocess.DEVNULL
    )
    return run.returncode == 0, bool(enter([folder]).devices)


@LINUX
@USERS
def test_copies_are_made_wherever_the_programs_unshare_and_mount_make_them(
    prepare: Callable[[], None], base: Path
) -> None:
    allowed, private = in_new_process(unshare_and_enter, prepare, str(base))
    assert private or not allowed


def enter_forbidden(folder: Path) -> tuple[Copies, list[str], str, bool]:
    os.chdir(folder)
    forbid_namespaces()
    before = namespaces(), Path("/proc/self/mounts").read_text(), os.getcwd()
    copies = enter([str(folder), os.curdir])
    text = append("notes.txt", " and yours")
    after = namespaces(), Path("/proc/self/mounts").read_text(), os.getcwd()
    return copies, copies.notes, text, before == after


@LINUX
def test_where_namespaces_are_forbidden_nothing_changes_and_a_note_says_so(folder: Path) -> None:
    copies, notes, text, unchanged = in_new_process(enter_forbidden, folder)
    assert copies == Copies(real=(str(folder),))
    assert notes == [NOTE]
    assert text == "mine and yours"
    assert (folder / "notes.txt").read_text() == text
    assert unchanged


def write_in_named(prepare: Callable[[], None], base: Path) -> list[tuple[bool, str]]:
    folders = [base / name for name in NAMES]
    copies = entered(prepare, str(base), *map(str, folders))
    return [(copied(copies, each), append(str(each / "x"), "inside")) for each in folders]


@USERS
def test_any_name_of_a_folder_will_do(prepare: Callable[[], None], base: Path) -> None:
    for name in NAMES:
        (base / name).mkdir()
    give_away(base)
    outcomes = in_new_process(write_in_named, prepare, base)
    for name, (private, text) in zip(NAMES, outcomes, strict=True):
        assert text == "inside"
        assert (base / name / "x").exists() is not private


def devices_of(
    prepare: Callable[[], None], current: Path, folders: list[str], looked_at: list[str]
) -> tuple[Copies, list[int]]:
    copies = entered(prepare, str(current), *folders)
    return copies, [os.stat(each).st_dev for each in looked_at]


@USERS
def test_folders_inside_one_another_have_one_copy(
    prepare: Callable[[], None], folder: Path
) -> None:
    folders = [f"{folder}/sub", ".", f"{folder}/sub/../sub", str(folder)]
    copies, devices = in_new_process(devices_of, prepare, folder, folders, [".", *folders])
    assert not copies.real or len(copies.real) == 2
    assert len(set(devices)) == 1
    assert set(copies.devices) in (set(devices), set())


def look_below(folder: Path, hidden: str) -> Any:
    """Mount a file system and a file below the folder, then enter and write there."""
    call("unshare", int(Kind.FILES))
    private_files._mount(None, "/", None, private_files.MS_PRIVATE | private_files.MS_REC)
    private_files._mount("tmpfs", str(folder / "sub"), "tmpfs", 0, "size=1m")
    private_files._mount(hidden, str(folder / "notes.txt"), None, private_files.MS_BIND)
    (folder / "sub" / "of the mount").write_text("real")
    child = os.fork()
    if child == 0:
        copies = entered(stay_as_you_are, str(folder), str(folder))
        seen = (folder / "sub" / "of the mount").read_text() == "real"
        seen = seen and Path("notes.txt").read_text() == Path(hidden).read_text()
        append("sub/of the mount", " and ours")
        devices = {os.stat(each).st_dev for each in (".", "sub")}
        os._exit(seen and devices == copies.devices and len(devices) == 2)
    right = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return bool(right), (folder / "sub" / "of the mount").read_text()


@pytest.mark.skipif(not IS_ROOT, reason="only root mounts file systems")
def test_file_systems_below_a_folder_stay_visible_and_are_copied(folder: Path) -> None:
    right, text = in_new_process(look_below, folder, __file__)
    assert right
    assert text == "real"
