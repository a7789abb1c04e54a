"""The recordings that are stored at a tenth are what a replay gives, memory aside."""

from dataclasses import replace

import pytest

from ghosts.paths import DATA
from ghosts.player.rerun import with_limits, with_share
from ghosts.player.variations import stored_variations
from ghosts.records.recording import Recording
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay
from ghosts.variants import INCIDENT

AT_A_TENTH = [
    path.stem for path in sorted((DATA / "recordings").glob("*.json")) if "_full_" not in path.stem
]


@pytest.mark.parametrize("name", AT_A_TENTH)
def test_a_stored_recording_is_what_a_replay_of_its_scenario_gives(name: str) -> None:
    stored = Recording.load(DATA / "recordings" / f"{name}.json").without_memory()
    replayed = replay(stored.scenario, stored.variant, measure_memory=False).without_memory()
    assert in_order(replayed) == in_order(stored)


def test_a_stored_run_is_what_a_replay_with_its_parameters_gives() -> None:
    """Of the runs of the report, the one with the least audio to upload: the quickest."""
    stored = min(stored_variations(), key=lambda each: each.recording.audio.stored)
    variant = with_limits(INCIDENT, stored.parameters)
    scenario = with_share(load_scenario("production"), stored.parameters.share)
    replayed = replay(scenario, variant, measure_memory=False).without_memory()
    assert in_order(replayed) == in_order(stored.recording.without_memory())


def in_order(recording: Recording) -> Recording:
    """Events of one moment may come in another order."""
    events = tuple(sorted(recording.events, key=lambda event: (event.t, event.kind, event.who)))
    return replace(recording, events=events)
