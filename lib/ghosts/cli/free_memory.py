"""The memory that this process may still take: of the machine, and of its control groups."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

_MEMBERSHIP: Final = Path("/proc/self/cgroup")
_GROUPS: Final = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Return the bytes that are free on the machine, or what a container's limit leaves of them."""
    return min([psutil.virtual_memory().available, *_left_in_groups()])


def _left_in_groups() -> Iterator[int]:
    """Yield what each control group with a limit leaves: this process's own, and those above it.

    Membership is a line a hierarchy, ``number:controllers:path``; version 2 has no controllers. In
    a container the path may be one that only the host knows, while the root is the container's own.
    """
    try:
        lines = _MEMBERSHIP.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        own = Path(path.lstrip("/"))
        for group in (own, *own.parents):
            if not controllers:
                yield from _left(_GROUPS / group, "memory.max", "memory.current", "inactive_file")
            elif "memory" in controllers.split(","):
                folder = _GROUPS / "memory" / group
                limit, used = "memory.limit_in_bytes", "memory.usage_in_bytes"
                yield from _left(folder, limit, used, "total_inactive_file")


def _left(group: Path, limit: str, used: str, reclaimable: str) -> Iterator[int]:
    """Yield the bytes that one group leaves; nothing if it has no limit or cannot be read."""
    try:
        cache = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        taken = int((group / used).read_text()) - int(cache[reclaimable])
        yield max(0, int((group / limit).read_text()) - taken)
    except (OSError, KeyError, ValueError):  # "max" is no limit
        return
