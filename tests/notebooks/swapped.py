"""A mutation, in every process that imports this: each lifecycle goes by the other's name.

Scenarios have a tenth of their devices, which tell the lifecycles apart as well, and sooner.
"""

from pathlib import Path
from typing import Any

import ghosts.replay
from ghosts.pusher import LIFECYCLES, gather_all, supervised
from ghosts.replay import Recording, Scenario

_replay, _load_scenario = ghosts.replay.replay, ghosts.replay.load_scenario


def replay(*args: Any, **options: Any) -> Recording:
    """The real one. A process that is sent this function imports it, and the mutation with it."""
    return _replay(*args, **options)


def load_scenario(name: str | Path) -> Scenario:
    return _load_scenario(name).fewer(10)


ghosts.replay.replay, ghosts.replay.load_scenario = replay, load_scenario
assert isinstance(LIFECYCLES, dict)
LIFECYCLES.update(gather_all=supervised, supervised=gather_all)
