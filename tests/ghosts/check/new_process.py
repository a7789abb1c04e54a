"""A call in a new process, where namespaces and audit hooks do no harm, and what it may enter."""

import ctypes
import multiprocessing
import os
import struct
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

SPAWN: Final = multiprocessing.get_context("spawn")
NOBODY: Final = 65534
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
UNSHARE: Final = {"x86_64": 272, "aarch64": 97}
"""The number of the system call, by machine."""


def in_new_process(function: Callable[..., Any], *arguments: object) -> Any:
    """Return what the function returns in a new process; raise if it fails there."""
    here, there = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=_call, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        result, failure = here.recv()
    finally:
        process.join()
        here.close()
    assert failure is None, failure
    return result


def _call(there: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        answer = function(*arguments), None
    except BaseException:
        answer = None, traceback.format_exc()
    there.send(answer)


def become_ordinary_user() -> None:
    """Stop being root; an ordinary user stays who it is."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        if sys.platform == "linux":  # else the files of /proc/self belong to root from now on
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)


def forbid_namespaces() -> None:
    """Let the system call that makes namespaces fail, as it does in a container."""
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(
        struct.pack("=HBBI", 0x20, 0, 0, 0)  # load the number of the system call
        + struct.pack("=HBBI", 0x15, 0, 1, UNSHARE[os.uname().machine])  # is it unshare?
        + struct.pack("=HBBI", 0x06, 0, 0, 0x00050001)  # then fail with EPERM
        + struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)  # else allow it
    )
    described = struct.pack("HP", 4, ctypes.addressof(program))
    libc = ctypes.CDLL(None)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_SECCOMP, 2, described, 0, 0) == 0


def namespaces() -> list[int]:
    """Return the network and the user namespace of this process."""
    if sys.platform != "linux":
        return []
    return [os.stat(f"/proc/self/ns/{kind}").st_ino for kind in ("net", "user")]
