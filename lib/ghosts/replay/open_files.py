"""The files that this process may have open: a connection takes two, one at each end."""

import resource
from typing import Final

from ghosts.records.scenario import ScenarioError

_OTHERS: Final = 512
"""For both ends of the pod's own connections, and what a process has open anyway."""


def make_room_for(devices: int, *, connections: int = 1) -> None:
    """Raise this process's soft limit of open files to what so many devices need, if it is lower.

    Each of them takes so many connections.

    Raises:
        ScenarioError: the hard limit is lower than that.
    """
    need = 2 * connections * devices + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _is_below(soft, need):
        return
    if _is_below(hard, need):
        raise ScenarioError(
            f"{devices} devices need {need} open files, and the system allows {hard}: take fewer "
            "devices, or raise the limit (ulimit -n)"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))


def _is_below(limit: int, need: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < need
