"""What copies of folders do not change, and what is not copied."""

import errno
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from new_process import become_ordinary_user, in_new_process
from user_folder import IS_ROOT, empty_folder, fill, give_away, stay_as_you_are

from ghosts.check.confinement import private_files
from ghosts.check.confinement.audit import Guard
from ghosts.check.confinement.private_files import Copies, enter


@pytest.fixture
def base() -> Iterator[Path]:
    with empty_folder() as base:
        give_away(base)
        yield base


@pytest.fixture
def folder(base: Path) -> Path:
    fill(base / "the user's")
    return base / "the user's"


def entered(folder: Path) -> Copies:
    os.chdir(folder)
    return enter([str(folder)])


def append_to(path: str, text: str) -> None:
    with open(path, "a") as file:
        file.write(text)


def permissions(prepare: Callable[[], None], folder: str) -> tuple[Copies, object, object]:
    prepare()

    def state() -> object:
        may = [os.access(folder, mode) for mode in (os.R_OK, os.W_OK, os.X_OK)]
        try:
            with open(f"{folder}/new", "w"):
                may.append(True)
            os.remove(f"{folder}/new")
        except PermissionError:
            may.append(False)
        return os.getuid(), os.geteuid(), os.getgid(), may

    before = state()
    return enter([folder]), before, state()


@pytest.mark.parametrize("mode", [0o1777, 0o555, 0o711])
@pytest.mark.parametrize("owned", [True, False])
@pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user])
def test_the_user_and_what_it_may_do_stay(
    prepare: Callable[[], None], owned: bool, mode: int, base: Path
) -> None:
    folder = base / "folder"
    folder.mkdir()
    give_away(base)
    if IS_ROOT and not owned:
        os.chown(folder, 1, 1)
    folder.chmod(mode)
    _, before, after = in_new_process(permissions, prepare, str(folder))
    assert after == before


def write_much(folder: Path) -> tuple[bool, str]:
    copies = entered(folder)
    if not copies.devices:
        return False, ""
    try:
        with open("large", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, private_files.MOST_MEMORY + 1)
    except OSError as error:
        return True, error.strerror or ""
    return True, "written"


def test_memory_is_bounded(folder: Path) -> None:
    private, answer = in_new_process(write_much, folder)
    assert answer == ("No space left on device" if private else "")


def guarded(folder: Path, outside: Path) -> tuple[bool, set[str]]:
    copies = entered(folder)
    guard = Guard(lambda file: file == __file__, private=True, copies=copies)
    guard.install()
    append_to("notes.txt", "x")
    append_to(str(outside), "x")
    os.chmod(os.open(folder, os.O_RDONLY), 0o755)
    return bool(copies.devices), {effect.what for effect in guard.side_effects()}


def test_the_guard_says_which_files_were_copies(folder: Path, base: Path) -> None:
    private, findings = in_new_process(guarded, folder, base / "outside")
    assert {each for each in findings if "descriptor" not in each} == {
        f"writes notes.txt{' (a copy)' if private else ''}",
        f"writes {base / 'outside'}",
    }
    assert any("descriptor" in each and "copy" not in each for each in findings)
    assert (base / "outside").read_text() == "x"


def use_sockets(folder: Path, outside: str) -> tuple[bool, bool, bool]:
    copies = entered(folder)
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("own")
        server.listen()
        own = client.connect_ex("own") == 0
    with socket.socket(socket.AF_UNIX) as client:
        return bool(copies.devices), own, client.connect_ex(outside) == 0


def test_a_unix_socket_in_a_copy_is_reached_if_it_was_made_inside(folder: Path) -> None:
    before = os.getcwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("outside")
            server.listen()
            private, own, outside = in_new_process(use_sockets, folder, "outside")
    finally:
        os.chdir(before)
    assert own
    assert outside is not private


def enter_beside_a_thread(folder: str) -> str:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        return f"entered: {enter([folder])}"
    except RuntimeError as error:
        return str(error)
    finally:
        done.set()
        thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no namespaces")
def test_a_process_with_threads_is_not_moved_only_in_part(folder: Path) -> None:
    answer = in_new_process(enter_beside_a_thread, str(folder))
    assert answer == "enter the private files before the first thread starts"


def write_in_folder_of_another(folder: Path) -> tuple[bool, int | None]:
    become_ordinary_user()
    private = bool(entered(folder).devices)
    try:
        append_to("sub/new", "x")
    except OSError as error:
        return private, error.errno
    return private, None


@pytest.mark.skipif(not IS_ROOT, reason="only root makes folders of another user")
def test_an_ordinary_user_cannot_write_to_the_copy_of_a_folder_of_another(folder: Path) -> None:
    give_away(folder)
    os.chown(folder / "sub", 1, 1)
    (folder / "sub").chmod(0o777)
    private, error = in_new_process(write_in_folder_of_another, folder)
    assert error == (errno.EOVERFLOW if private else None)
    assert (folder / "sub" / "new").exists() is not private
