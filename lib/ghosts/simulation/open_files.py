"""The limit of open files of this process. A connection takes two, one at each end."""

import resource
from typing import Final

from ghosts.records.scenario import ScenarioError

_OTHERS: Final = 512
"""Open files besides devices: both ends of the pod's connections, and those of any process."""


def make_room_for(devices: int, *, connections: int = 1) -> None:
    """Raise this process's soft limit of open files to what ``devices`` need, if it is lower.

    Each device takes ``connections`` connections.

    Raises:
        ScenarioError: the hard limit is too low.
    """
    need = 2 * connections * devices + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not _is_below(soft, need):
        return
    if _is_below(hard, need):
        raise ScenarioError(
            f"{devices} devices need {need} open files, and the system allows {hard}: use fewer "
            "devices, or raise the limit (ulimit -n)"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))


def _is_below(limit: int, need: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < need
