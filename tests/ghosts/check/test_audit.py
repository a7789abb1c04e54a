"""The guard refuses what would leave loopback, and says what the app did and where in its code."""

import asyncio
import ctypes
import importlib
import multiprocessing
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, Final

import pytest
from new_process import forbid_namespaces, in_new_process

from ghosts.check.confinement.acts import KERNEL_ONLY
from ghosts.check.confinement.audit import MOST_PLACES, Guard, SideEffect
from ghosts.check.confinement.private_network import enter
from ghosts.check.own import is_own
from tracemalloc_ext.words import short_path

BEYOND: Final = "192.0.2.1"  # addresses for documentation: no machine has them
BEYOND_6: Final = "2001:db8::1"


def guarded(app: Callable[..., object], private: bool, *arguments: object) -> Any:
    """Return the error of an app that a guard watches in a new process, and the findings."""
    return in_new_process(_guarded, app, private, arguments)


def _guarded(
    app: Callable[..., object], private: bool, arguments: tuple[object, ...]
) -> tuple[str | None, list[SideEffect]]:
    enter()  # a guard that fails its test sends nothing either
    guard = Guard(lambda file: file == __file__, private=private)
    guard.install()
    try:
        app(*arguments)
    except PermissionError as error:
        return error.strerror, guard.side_effects()
    return None, guard.side_effects()


def place_of(app: Callable[..., object], line: int = 1) -> str:
    """Return the place of a line of the app, counted from its ``def``."""
    name = app.__qualname__.rpartition("<locals>.")[2]
    return f"{short_path(__file__)}:{app.__code__.co_firstlineno + line} in {name}"


def sends_udp() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"metric", (BEYOND, 8125))


def sends_a_message() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b"metric"], [], 0, (BEYOND, 8125))


def connects_udp() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect((BEYOND, 8125))


def connects_tcp() -> None:
    socket.socket().connect((BEYOND, 443))


def tries_to_connect() -> None:
    socket.socket().connect_ex((BEYOND, 443))


def sends_udp_over_ip_6() -> None:
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"metric", (BEYOND_6, 53))


def sends_a_broadcast() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"who?", ("<broadcast>", 9))


def connects_by_name() -> None:
    sys.audit("socket.connect", socket.socket(), ("db.example", 5432))  # without its lookup


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(
    ("app", "what"),
    [
        (sends_udp, f"sends to {BEYOND}:8125 (UDP)"),
        (sends_a_message, f"sends to {BEYOND}:8125 (UDP)"),
        (connects_udp, f"connects to {BEYOND}:8125 (UDP)"),
        (connects_tcp, f"connects to {BEYOND}:443"),
        (tries_to_connect, f"connects to {BEYOND}:443"),
        (sends_udp_over_ip_6, f"sends to [{BEYOND_6}]:53 (UDP)"),
        (sends_a_broadcast, "sends to <broadcast>:9 (UDP)"),
        (connects_by_name, "connects to db.example:5432"),
    ],
)
def test_what_would_leave_loopback_is_refused_in_one_line(
    app: Callable[[], None], what: str, private: bool
) -> None:
    error, findings = guarded(app, private)
    assert error == f"the app {what}: ghosts check allows loopback only"
    assert findings == [SideEffect(what, place_of(app), refused=True)]


def sends_in_a_thread() -> None:
    thread = threading.Thread(target=swallows_the_refusal)
    thread.start()
    thread.join()


def swallows_the_refusal() -> None:
    with suppress(OSError):
        sends_udp()


async def sends_by_asyncio() -> None:
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(BEYOND, 8125))


def runs_asyncio() -> None:
    with suppress(OSError):
        asyncio.run(sends_by_asyncio())


def test_a_refusal_that_the_app_swallows_in_a_thread_is_recorded() -> None:
    error, findings = guarded(sends_in_a_thread, True)
    assert error is None
    assert findings == [SideEffect(f"sends to {BEYOND}:8125 (UDP)", place_of(sends_udp), True)]


def test_a_refusal_that_asyncio_swallows_is_recorded() -> None:
    error, findings = guarded(runs_asyncio, True)
    assert error is None
    what = f"connects to {BEYOND}:8125 (UDP)"
    assert (what, True) in [(each.what, each.refused) for each in findings]


def uses_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            socket.create_connection((host, port)).close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.sendto(b"to itself", receiver.getsockname())
        receiver.connect(receiver.getsockname())
        receiver.sendmsg([b"to itself"])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendmsg([b"beside"])
    asyncio.run(asyncio.sleep(0))


@pytest.mark.parametrize("private", [True, False])
def test_loopback_is_free_and_needs_no_mention(private: bool) -> None:
    assert guarded(uses_loopback, private) == (None, [])


def listens_on_every_interface() -> None:
    socket.create_server(("", 0)).close()


def test_every_interface_can_be_bound_where_there_is_only_loopback() -> None:
    what = "binds a socket to 0.0.0.0:0"
    place = place_of(listens_on_every_interface)
    assert guarded(listens_on_every_interface, True) == (None, [SideEffect(what, place, False)])
    error, findings = guarded(listens_on_every_interface, False)
    assert error is not None
    assert error.startswith(  # the standard library adds the address
        f"the app {what}: ghosts check allows loopback only, "
        "and this system offers no private network for it"
    )
    assert findings == [SideEffect(what, place, True)]


def connects_to_a_unix_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


def test_a_unix_socket_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's folders have too long a path
        path = os.path.join(folder, "s")
        error, findings = guarded(connects_to_a_unix_socket, True, path)
    assert error is None
    assert findings == [
        SideEffect(
            f"binds a socket to the Unix socket {path}",
            place_of(connects_to_a_unix_socket, 2),
            False,
        ),
        SideEffect(
            f"connects to the Unix socket {path}", place_of(connects_to_a_unix_socket, 4), False
        ),
    ]


def connects_beyond_the_internet() -> None:
    class Vsock(socket.socket):
        family = 40  # type: ignore[assignment]  # AF_VSOCK: from a virtual machine to its host

    sys.audit("socket.connect", Vsock(), (2, 1024))


def test_a_family_of_addresses_that_is_unknown_is_refused() -> None:
    error, _ = guarded(connects_beyond_the_internet, True)
    assert error == "the app connects to an address of 40: ghosts check allows loopback only"


def runs_a_program() -> None:
    subprocess.run(["true", "a b"], check=True)


def runs_a_shell() -> None:
    subprocess.run("true", shell=True, check=True)


def runs_by_system() -> None:
    os.system("true")


def runs_by_posix_spawn() -> None:
    os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {}), 0)


def forks() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


async def runs_by_asyncio() -> None:
    await (await asyncio.create_subprocess_exec("true")).wait()


def runs_in_a_loop() -> None:
    asyncio.run(runs_by_asyncio())


@pytest.mark.parametrize(
    ("app", "frame", "what"),
    [
        (runs_a_program, runs_a_program, "starts the program true 'a b'"),
        (runs_a_shell, runs_a_shell, "starts the program /bin/sh -c true"),
        (runs_by_system, runs_by_system, "starts the program true"),
        (runs_by_posix_spawn, runs_by_posix_spawn, "starts the program sh -c :"),
        (forks, forks, "starts a process by a fork"),
        (runs_in_a_loop, runs_by_asyncio, "starts the program true"),
    ],
)
def test_a_program_is_named_where_it_is_confined_and_refused_elsewhere(
    app: Callable[[], None], frame: Callable[[], None], what: str
) -> None:
    assert guarded(app, True) == (None, [SideEffect(what, place_of(frame), False)])
    error, findings = guarded(app, False)
    assert error == (
        f"the app {what}: ghosts check allows loopback only, "
        "and this system offers no private network for it"
    )
    assert findings == [SideEffect(what, place_of(frame), True)]


def becomes_a_program() -> None:
    os.execv("/bin/sh", ["sh", "-c", ":"])


def test_a_process_does_not_become_a_program_that_nobody_confines() -> None:
    error, _ = guarded(becomes_a_program, False)
    assert error is not None
    assert error.startswith("the app starts the program sh -c :: ghosts check allows loopback only")


def starts_a_worker() -> None:
    worker = multiprocessing.get_context("spawn").Process(target=os.getpid)
    worker.start()
    worker.join()


@pytest.mark.parametrize("private", [True, False])
def test_a_worker_of_multiprocessing_is_a_program_too(private: bool) -> None:
    error, findings = guarded(starts_a_worker, private)
    (worker,) = (each for each in findings if "spawn_main" in each.what)
    assert worker.what.startswith("starts the program ")
    assert worker.place == place_of(starts_a_worker, 2)
    assert worker.refused is not private
    assert (error is None) is private


def asks_for_what_python_keeps_for_itself() -> None:
    resource_tracker.ResourceTracker().ensure_running()
    for family in KERNEL_ONLY & {getattr(socket, "AF_NETLINK", None)}:
        with socket.socket(family, socket.SOCK_RAW) as kernel:
            kernel.bind((0, 0))


@pytest.mark.parametrize("private", [True, False])
def test_multiprocessings_own_program_and_the_kernel_need_no_mention(private: bool) -> None:
    assert guarded(asks_for_what_python_keeps_for_itself, private) == (None, [])


def works_on_files(folder: Path) -> None:
    (folder / "a").write_text("a")
    os.close(os.open(folder / "b", os.O_CREAT | os.O_RDWR))
    with open(folder / "a", "rb+"):
        shutil.copy(folder / "a", folder / "c")
    (folder / "c").rename(folder / "d")
    (folder / "d").unlink()
    (folder / "e").mkdir()
    (folder / "e").rmdir()
    (folder / "f").symlink_to("a")
    (folder / "a").chmod(0o600)
    sqlite3.connect(folder / "g").close()


def test_each_file_that_is_changed_is_named_with_the_line_of_the_app(tmp_path: Path) -> None:
    error, findings = guarded(works_on_files, False, tmp_path)
    assert error is None
    acts = [
        ("writes", "a", 1),
        ("writes", "b", 2),
        ("writes", "a", 3),
        ("writes", "c", 4),
        ("changes the permissions of", "c", 4),
        ("renames", "c", 5),
        ("removes", "d", 6),
        ("makes the folder", "e", 7),
        ("removes the folder", "e", 8),
        ("makes the link", "f", 9),
        ("changes the permissions of", "a", 10),
        ("opens the database", "g", 11),
    ]
    assert findings == [
        SideEffect(f"{verb} {tmp_path / name}", place_of(works_on_files, line), False)
        for verb, name, line in acts
    ]


def changes_no_file(folder: Path) -> None:
    (folder / "there").read_text()
    os.close(os.open(folder / "there", os.O_RDONLY))
    with open(os.devnull, "w"):
        list(folder.iterdir())
    descriptor, other = os.pipe()
    with open(descriptor), open(other, "w") as pipe:
        pipe.write("within the process")
    with closing(sqlite3.connect(":memory:")):
        sys.path.insert(0, str(folder))
        importlib.import_module("imported_by_the_app")


def test_reading_and_importing_need_no_mention(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("read")
    (tmp_path / "imported_by_the_app.py").write_text("")
    assert guarded(changes_no_file, True, tmp_path) == (None, [])


def import_and_write(folder: str) -> list[SideEffect]:
    guard = Guard(is_own, private=False)
    guard.install()
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = False
    importlib.import_module("app_that_writes")
    return guard.side_effects()


def test_what_an_app_does_when_it_is_imported_is_named(tmp_path: Path) -> None:
    module = tmp_path / "app_that_writes.py"
    module.write_text(f"\nimport tempfile\ntempfile.TemporaryFile(dir={str(tmp_path)!r}).close()\n")
    findings = in_new_process(import_and_write, str(tmp_path))
    assert (tmp_path / "__pycache__").exists()
    assert {each.place for each in findings} == {f"{module.name}:3 in <module>"}


def check_and_app(folder: Path) -> tuple[list[SideEffect], list[SideEffect]]:
    enter()
    guard = Guard(lambda file: file == __file__, private=False)
    guard.install()
    done = threading.Event()
    suspended = threading.Event()

    def app() -> None:
        suspended.wait()
        (folder / "by the app").write_text("")
        done.set()

    thread = threading.Thread(target=app)
    thread.start()
    with guard.suspended():
        with guard.suspended():
            forks()
        (folder / "by the check").write_text("")
        suspended.set()
        done.wait()
    thread.join()
    meanwhile = guard.side_effects()
    (folder / "after").write_text("")
    return meanwhile, guard.side_effects()[len(meanwhile) :]


def test_the_acts_of_the_check_itself_are_not_the_apps(tmp_path: Path) -> None:
    meanwhile, after = in_new_process(check_and_app, tmp_path)
    assert [each.what for each in meanwhile] == [f"writes {tmp_path / 'by the app'}"]
    assert [each.what for each in after] == [f"writes {tmp_path / 'after'}"]


def writes_many(folder: Path) -> None:
    for number in [*range(100), *range(100)]:
        (folder / str(number)).write_text("")


def test_a_line_that_writes_many_files_takes_little_room(tmp_path: Path) -> None:
    _, findings = guarded(writes_many, True, tmp_path)
    names = [str(tmp_path / str(number)) for number in range(5)] + ["others than the first 5"]
    place = place_of(writes_many, 2)
    assert findings == [SideEffect(f"writes {name}", place, False) for name in names]


def many_places(folder: Path) -> tuple[int, bool]:
    guard = Guard(lambda file: file == __file__, private=False)
    guard.install()
    line = f"open({str(folder / 'file')!r}, 'w').close()\n"
    exec(compile(line * (MOST_PLACES + 10), __file__, "exec"))
    try:
        sends_udp()
    except PermissionError:
        return len(guard.side_effects()), True
    return len(guard.side_effects()), False


def test_code_without_end_fills_no_memory_and_is_still_refused(tmp_path: Path) -> None:
    assert in_new_process(many_places, tmp_path) == (MOST_PLACES, True)


def events_of_no_interest() -> tuple[int, int]:
    looks = 0

    def is_own(file: str) -> bool:
        nonlocal looks
        looks += 1
        return True

    Guard(is_own, private=False).install()
    events = 0

    def count(event: str, arguments: object) -> None:
        nonlocal events
        events += 1

    sys.addaudithook(count)
    for _ in range(100):
        compile("1", "made up", "eval")
        object.__getattribute__(count, "__code__")
        id(count)
    sys._getframe()
    return events, looks


def test_an_event_of_no_interest_costs_no_look_at_the_stack() -> None:
    events, looks = in_new_process(events_of_no_interest)
    assert events > 100
    assert looks == 0


def reach_without_a_private_network() -> tuple[bool, str | None, list[SideEffect]]:
    forbid_namespaces()
    private = enter()
    guard = Guard(lambda file: file == __file__, private=private)
    guard.install()
    try:
        runs_a_program()
    except PermissionError as error:
        return private, error.strerror, guard.side_effects()
    return private, None, guard.side_effects()


def test_a_kernel_without_namespaces_leaves_the_guard_which_refuses_programs() -> None:
    private, error, findings = in_new_process(reach_without_a_private_network)
    assert not private
    assert error is not None
    assert [each.refused for each in findings] == [True]


def test_the_apps_own_code_is_neither_the_librarys_nor_the_checks() -> None:
    assert is_own(__file__)
    for module in (asyncio, pytest, ctypes):
        assert not is_own(str(module.__file__))
    assert not is_own(str(sys.modules[Guard.__module__].__file__))
    assert not is_own("<string>")
