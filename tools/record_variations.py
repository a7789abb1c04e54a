"""Replay the production scenario with other parameters, and store the runs for the report's player.

python tools/record_variations.py

It writes data/recordings/variations.json.xz: four minutes on two idle cores.
"""

from typing import Any, Final

from ghosts.player.parameters import Parameters
from ghosts.player.rerun import replay_with
from ghosts.player.variations import Variation, store
from ghosts.processes import call_side_by_side, cores
from ghosts.records.scenario import load_scenario

VARIANT: Final = "gather_all"
INCIDENT: Final[dict[str, Any]] = {"workers": 16, "deadline": None, "share": 0.014}
CHANGED: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"workers": 8},
    {"workers": 32},
    {"workers": 64},
    {"deadline": 600.0},
    {"deadline": 30.0},
    {"share": 0.0},
    {"share": 0.005},
    {"share": 0.05},
    {"workers": 64, "share": 0.05},
    {"deadline": 600.0, "share": 0.05},
    {"deadline": 30.0, "share": 0.05},
    {"workers": 8, "deadline": 30.0},
)
"""Each value alone, and pairs in which one parameter helps and another one harms."""


def main() -> None:
    """Replay, as many at once as there are cores, and store the runs."""
    scenario = load_scenario("production")
    grid = [Parameters(**{**INCIDENT, **changed}) for changed in CHANGED]
    recordings = call_side_by_side(
        replay_with, [(scenario, VARIANT, each) for each in grid], at_once=cores()
    )
    store(map(Variation, grid, recordings))


if __name__ == "__main__":
    main()
