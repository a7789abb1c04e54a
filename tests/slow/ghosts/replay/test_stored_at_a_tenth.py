"""The recordings that are stored at a tenth are what a replay gives, memory aside."""

from dataclasses import replace

import pytest

from ghosts.paths import DATA
from ghosts.records.recording import Recording
from ghosts.replay.run import replay

AT_A_TENTH = [
    path.stem for path in sorted((DATA / "recordings").glob("*.json")) if "_full_" not in path.stem
]


@pytest.mark.parametrize("name", AT_A_TENTH)
def test_a_stored_recording_is_what_a_replay_of_its_scenario_gives(name: str) -> None:
    stored = Recording.load(DATA / "recordings" / f"{name}.json").without_memory()
    replayed = replay(stored.scenario, stored.variant, measure_memory=False).without_memory()
    assert in_order(replayed) == in_order(stored)


def in_order(recording: Recording) -> Recording:
    """Events of one moment may come in another order."""
    events = tuple(sorted(recording.events, key=lambda event: (event.t, event.kind, event.who)))
    return replace(recording, events=events)
