"""What a connection costs before the fix and after it, read off the stored replays."""

import pytest

from ghosts.capacity.fleet import Costs
from ghosts.paths import DATA
from ghosts.replay import Recording


def _measured(lifecycle: str) -> Costs:
    return Costs.measured(Recording.load(DATA / "recordings" / f"production_full_{lifecycle}.json"))


@pytest.fixture(scope="session")
def incident() -> Costs:
    return _measured("gather_all")


@pytest.fixture(scope="session")
def fixed() -> Costs:
    return _measured("supervised")
