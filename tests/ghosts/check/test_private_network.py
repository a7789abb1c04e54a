"""The private network confines what Python, C and programs reach, or leaves all as it was."""

import ctypes
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final, NoReturn

import pytest
from new_process import become_ordinary_user, forbid_namespaces, in_new_process, namespaces

from ghosts.check.confinement import private_network
from ghosts.check.confinement.private_network import enter

OUTSIDE: Final = ("192.0.2.1", 9)  # an address for documentation: no machine has it
PROGRAM: Final = "exec 3<>/dev/tcp/127.0.0.1/$0"  # for bash, which any user may start


def stay_as_you_are() -> None:
    """Be the user that runs the tests."""


def by_python(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def by_c(port: int) -> bool:
    libc = ctypes.CDLL(None)
    client = libc.socket(int(socket.AF_INET), int(socket.SOCK_STREAM), 0)
    address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, b"\x7f\0\0\1")
    try:
        return bool(libc.connect(client, address, len(address)) == 0)
    finally:
        os.close(client)


def by_a_program(port: int) -> bool:
    run = subprocess.run(["bash", "-c", PROGRAM, str(port)], stderr=subprocess.DEVNULL)
    return run.returncode == 0


def by_a_thread(port: int) -> bool:
    reached: list[bool] = []
    thread = threading.Thread(target=lambda: reached.append(by_python(port)))
    thread.start()
    thread.join()
    return reached[0]


def by_a_fork(port: int) -> bool:
    child = os.fork()
    if child == 0:
        os._exit(not by_python(port))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


WAYS: Final = (by_python, by_c, by_a_program, by_a_fork, by_a_thread)


def reach(prepare: Callable[[], None], port: int, datagrams: int) -> tuple[bool, list[bool]]:
    """Return whether this process is in a private network, and by which way it reached the port."""
    prepare()
    entered = enter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"from inside", ("127.0.0.1", datagrams))
    return entered, [way(port) for way in WAYS]


@pytest.fixture
def outside() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=len(WAYS)) as server:
        yield server


@pytest.fixture
def datagrams() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        yield receiver


@pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user, forbid_namespaces])
def test_no_way_leads_out_of_a_private_network_and_each_does_where_there_is_none(
    prepare: Callable[[], None], outside: socket.socket, datagrams: socket.socket
) -> None:
    entered, reached = in_new_process(
        reach, prepare, outside.getsockname()[1], datagrams.getsockname()[1]
    )
    received = False
    with suppress(BlockingIOError):
        received = datagrams.recv(100) == b"from inside"
    assert reached == [not entered] * len(WAYS)
    assert received is not entered
    assert not (entered and prepare is forbid_namespaces)


def unshare_and_enter(prepare: Callable[[], None]) -> tuple[bool, bool]:
    prepare()
    try:
        run = subprocess.run(["unshare", "-r", "-n", "true"], stderr=subprocess.DEVNULL)
        allowed = run.returncode == 0
    except FileNotFoundError:  # not Linux
        allowed = False
    return allowed, enter()


@pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user, forbid_namespaces])
def test_a_private_network_is_entered_wherever_the_program_unshare_makes_one(
    prepare: Callable[[], None],
) -> None:
    allowed, entered = in_new_process(unshare_and_enter, prepare)
    assert entered is allowed


def addresses_beyond_loopback(prepare: Callable[[], None]) -> tuple[bool, list[int]]:
    prepare()
    if not enter():
        return False, []
    errors = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as client:
            errors.append(client.connect_ex(OUTSIDE))
    return True, errors


@pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user])
def test_a_private_network_has_no_route_to_another_machine(prepare: Callable[[], None]) -> None:
    entered, errors = in_new_process(addresses_beyond_loopback, prepare)
    assert {os.strerror(each) for each in errors} == (
        {"Network is unreachable"} if entered else set()
    )


def serve_on_low_port(prepare: Callable[[], None]) -> tuple[bool, bool]:
    prepare()
    if not enter():
        return False, False
    with socket.create_server(("127.0.0.1", 80)):
        return True, by_python(80) and by_a_program(80)


@pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user])
def test_a_service_binds_a_low_port_in_it_and_is_reached_there(
    prepare: Callable[[], None],
) -> None:
    entered, reached = in_new_process(serve_on_low_port, prepare)
    assert reached is entered


def permissions(prepare: Callable[[], None]) -> tuple[object, object]:
    """Return who this process is and what it may do with a read-only file, before and after."""
    prepare()
    with tempfile.NamedTemporaryFile() as file:
        os.chmod(file.name, 0o400)

        def state() -> object:
            status = os.stat(file.name)
            may = [os.access(file.name, mode) for mode in (os.R_OK, os.W_OK)]
            try:
                with open(file.name, "a"):
                    may.append(True)
            except PermissionError:
                may.append(False)
            return os.getuid(), os.geteuid(), os.getgid(), status.st_uid, status.st_gid, may

        before = state()
        enter()
        return before, state()


@pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user, forbid_namespaces])
def test_the_user_and_the_permissions_on_files_stay(prepare: Callable[[], None]) -> None:
    before, after = in_new_process(permissions, prepare)
    assert after == before


def no_loopback() -> NoReturn:
    raise PermissionError("the kernel has taken the capabilities away")


def enter_without_capabilities(prepare: Callable[[], None]) -> tuple[object, bool, object]:
    prepare()
    private_network._bring_loopback_up = no_loopback
    before = namespaces(), os.getuid()
    return before, enter(), (namespaces(), os.getuid())


@pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user, forbid_namespaces])
def test_a_kernel_that_refuses_only_the_last_step_leaves_the_process_where_it_was(
    prepare: Callable[[], None],
) -> None:
    before, entered, after = in_new_process(enter_without_capabilities, prepare)
    assert not entered
    assert after == before


def enter_beside_a_thread() -> tuple[str, bool]:
    before = namespaces()
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        return f"entered: {enter()}", namespaces() == before
    except RuntimeError as error:
        return str(error), namespaces() == before
    finally:
        done.set()
        thread.join()


def test_a_process_with_threads_is_not_moved_only_in_part() -> None:
    answer, unchanged = in_new_process(enter_beside_a_thread)
    expected = "enter the private network before the first thread starts"
    assert answer == (expected if sys.platform == "linux" else "entered: False")
    assert unchanged


def enter_twice(prepare: Callable[[], None]) -> tuple[bool, bool, bool]:
    prepare()
    entered = enter()
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = os.fork()
        if child == 0:
            os._exit(10 * enter() + by_python(server.getsockname()[1]))
        again, reached = divmod(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 10)
    return entered, bool(again), bool(reached)


@pytest.mark.parametrize("prepare", [stay_as_you_are, become_ordinary_user])
def test_a_fork_can_have_a_private_network_of_its_own(prepare: Callable[[], None]) -> None:
    entered, again, reached = in_new_process(enter_twice, prepare)
    assert again is entered
    assert reached is not entered
