"""How much can run at the same time."""

import os
import sys


def cores() -> int:
    """Return the cores that this process may use, or all of the machine's where it is not Linux."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
