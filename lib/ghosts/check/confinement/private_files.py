"""Copies of folders for this process, in memory: what it writes there does not reach the disk."""

import errno
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from ghosts.check.confinement import namespaces
from ghosts.check.confinement.namespaces import Kind

MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
MOUNT_FLAGS: Final = 0b1111
"""Read-only, nosuid, nodev, noexec: a copy has those of the file system of its folder."""
MOST_MEMORY: Final = 512 * 2**20
"""Bytes that all copies of a process may take. A write beyond them fails: no space left."""
NO_COPY: Final = "files that the service writes{} are the real ones: this system offers no copy"


@dataclass(frozen=True, slots=True)
class Copies:
    """The folders that this process, and every process that it starts, has a copy of."""

    devices: frozenset[int] = frozenset()
    """The ``st_dev`` of every folder in a copy."""
    real: tuple[str, ...] = ()
    """Folders of which a copy was asked for, and not made."""

    def include(self, path: str | bytes) -> bool:
        """Return whether a path leads into a copy."""
        if not self.devices:
            return False
        try:
            folder = os.stat(os.path.dirname(os.path.realpath(path)))
        except (OSError, ValueError):
            return False
        return folder.st_dev in self.devices

    @property
    def notes(self) -> list[str]:
        """What a report has to say of the folders that were not copied."""
        if self.real and not self.devices:
            return [NO_COPY.format("")]
        return [NO_COPY.format(f" in {folder}") for folder in self.real]


def folders_of(app_dir: str) -> tuple[str, ...]:
    """Return the folders that a service is likely to write to, if it is in ``app_dir``.

    They are this one, the current one and that for temporary files.
    """
    return app_dir, os.curdir, tempfile.gettempdir()


def enter(folders: Iterable[str]) -> Copies:
    """Give this process a copy of each folder; return those that the kernel allows.

    A file is copied when it is first opened for writing, whether by Python, a C library or a
    program that this process starts. The copies end with the last of these processes. File systems
    that are mounted in a folder are copied as well; the few that cannot be, such as ``/proc``, stay
    the real ones. The user, the permissions on files and the current folder stay as they are.

    Not copied, and so still the real ones: files that are open already. A Unix socket in a copied
    folder is out of reach if a process outside has made it.

    Where the kernel does not allow it, as in most containers and on macOS, nothing is changed. An
    ordinary user gets no copy of a folder in which another file system is mounted, and in a copy
    cannot write to what belongs to another user or group, even if its permissions allow it
    (EOVERFLOW).

    Raises:
        RuntimeError: the process has more than one thread; the others would stay outside.
    """
    copied: dict[str, int] = {}
    real: list[str] = []
    for folder in sorted({os.path.realpath(each) for each in folders if os.path.isdir(each)}):
        if any(Path(folder).is_relative_to(outer) for outer in copied):
            continue
        mode = _mode(folder)
        if namespaces.is_allowed(Kind.FILES, partial(_copy, {folder: mode}, set())):
            copied[folder] = mode
        else:
            real.append(folder)
    devices: set[int] = set()
    if copied:
        namespaces.enter(Kind.FILES, partial(_copy, copied, devices))
    return Copies(frozenset(devices), tuple(real))


def _mode(folder: str) -> int:
    """Return the permissions of a copy, which an ordinary user owns even if another has the folder.

    What this user may do with the folder is what the owner may do with the copy.
    """
    status = os.stat(folder)
    mode = stat.S_IMODE(status.st_mode)
    if os.geteuid() in (0, status.st_uid):
        return mode
    may = sum(each for each in (os.R_OK, os.W_OK, os.X_OK) if os.access(folder, each))
    return mode & ~stat.S_IRWXU | may << 6


def _copy(folders: Mapping[str, int], devices: set[int]) -> None:
    """Mount copies over folders, given with their permissions; add the devices to ``devices``.

    The memory is mounted over the first folder, where its copy covers it: a place of its own would
    be a folder that stays on the disk.
    """
    assert sys.platform == "linux"
    current = os.getcwd()
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    with ExitStack() as stack:

        def opened(path: str) -> int:
            handle = os.open(path, os.O_PATH)
            stack.callback(os.close, handle)
            return handle

        mounted = _mount_points()
        originals = {folder: opened(folder) for folder in folders}
        nested = {
            path: opened(path)
            for path in mounted
            if any(folder in map(str, Path(path).parents) for folder in folders)
            and os.access(path, os.F_OK)
        }
        first = next(iter(folders))
        _mount("tmpfs", first, "tmpfs", 0, f"size={MOST_MEMORY},mode=700")
        memory = _Memory(f"/proc/self/fd/{opened(first)}")
        for folder, original in originals.items():
            devices.add(memory.cover(folder, original, folders[folder]))
        for path, original in nested.items():
            try:
                device = memory.cover(path, original, stat.S_IMODE(os.stat(original).st_mode))
            except OSError:
                _mount(f"/proc/self/fd/{original}", path, None, MS_BIND | MS_REC)
            else:
                devices.add(device)
    os.chdir(current)  # it was a handle on the original


@dataclass(slots=True)
class _Memory:
    """A file system in memory, and how many copies keep their files in it."""

    path: str
    count: int = 0

    def cover(self, folder: str, original: int, mode: int) -> int:
        """Mount a copy over a folder; return its device.

        The paths in the options lead through file descriptors: in the name of a folder, commas,
        colons and backslashes would be separators.

        Raises:
            OSError: the kernel refuses it, or the copy cannot be seen, as that of ``/``.
        """
        assert sys.platform == "linux"
        self.count += 1
        upper, work = f"{self.path}/upper{self.count}", f"{self.path}/work{self.count}"
        os.mkdir(upper)
        os.mkdir(work)
        options = f"lowerdir=/proc/self/fd/{original},upperdir={upper},workdir={work}"
        status = os.stat(original)
        try:
            os.chown(upper, status.st_uid, status.st_gid)
            os.setxattr(upper, "trusted.ghosts", b"")
        except OSError:  # the user namespace of an ordinary user
            options += ",userxattr"
        os.chmod(upper, mode)
        _mount("overlay", folder, "overlay", os.statvfs(original).f_flag & MOUNT_FLAGS, options)
        device = os.stat(folder).st_dev
        if device == status.st_dev:
            raise OSError(errno.EBUSY, "the copy is not what the path leads to", folder)
        return device


def _mount_points() -> Iterator[str]:
    """Yield where file systems are mounted, outer ones first."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    escaped = sorted({line.split(b" ")[4] for line in lines})
    for each in escaped:
        yield os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), each))


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    source_, target_, kind_, options_ = (
        None if each is None else os.fsencode(each) for each in (source, target, kind, options)
    )
    namespaces.call("mount", source_, target_, kind_, flags, options_)
