"""New Linux namespaces for this process, made with or without root."""

import ctypes
import os
import sys
from collections.abc import Callable, Iterable
from enum import IntEnum
from pathlib import Path
from typing import Final

CLONE_NEWUSER: Final = 0x10000000
CAPABILITY_VERSION_3: Final = 0x20080522


class Kind(IntEnum):
    """What a process has of its own in a new namespace; the values are the kernel's."""

    FILES = 0x00020000
    NETWORK = 0x40000000


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Word(ctypes.Structure):
    """32 of the 64 bits of each set of capabilities."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def is_allowed(kind: Kind, prepare: Callable[[], object]) -> bool:
    """Return whether `enter` succeeds in a child process; False on another system than Linux.

    This process would not do for the attempt: where the kernel takes the capabilities of the new
    user namespace away, as Ubuntu does, it would be left without a user and could not go back.

    Raises:
        RuntimeError: the process has more than one thread; the others would stay outside.
    """
    if sys.platform != "linux":
        return False
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError(f"enter the private {kind.name.lower()} before the first thread starts")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            enter(kind, prepare)
            status = 0
        finally:
            os._exit(status)  # runs nothing that the parent has registered for its exit
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def enter(kind: Kind, prepare: Callable[[], object], keep: Iterable[int] = ()) -> None:
    """Move this process into a new namespace, and call ``prepare`` there with every capability.

    An ordinary user gets a new user namespace as well. The user and the permissions on files stay
    as they are; the capabilities do too, with those of ``keep`` added in a new user namespace.

    Raises:
        OSError: the kernel does not allow it; the process may be in the namespace only in part.
    """
    try:
        # root needs no user namespace, in which it would lose access to the files of other users
        call("unshare", int(kind))
    except PermissionError:
        _enter_as_user(kind, prepare, keep)
    else:
        prepare()


def call(name: str, *arguments: object) -> None:
    """Call a function of the C library that returns 0 when it succeeds.

    Raises:
        OSError: it returned something else.
    """
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _enter_as_user(kind: Kind, prepare: Callable[[], object], keep: Iterable[int]) -> None:
    user, group = os.geteuid(), os.getegid()
    header = _Header(CAPABILITY_VERSION_3, 0)
    words = (_Word * 2)()
    call("capget", ctypes.byref(header), words)
    call("unshare", CLONE_NEWUSER | kind)
    Path("/proc/self/setgroups").write_text("deny")  # else the kernel refuses the map of groups
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    prepare()
    # The new namespace came with every capability, also that to ignore the permissions of files.
    for capability in keep:
        words[0].effective |= 1 << capability
        words[0].permitted |= 1 << capability
    call("capset", ctypes.byref(header), words)
