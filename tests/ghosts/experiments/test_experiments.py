"""Experiments change what they say and nothing else; their outcomes are stored in full.

Notebooks 03 and 07 replay one of them each, and `tests/slow` replays them all.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from long_incident import stored

from ghosts.config import BG_DRAIN_TIMEOUT
from ghosts.evidence import EvidenceError
from ghosts.experiments import (
    EXPERIMENTS,
    STORED_OUTCOMES,
    Change,
    Experiment,
    outcome_of,
    read_outcomes,
    run_experiment,
    write_outcomes,
)
from ghosts.records.recording import Event
from ghosts.records.scenario import ScenarioError
from ghosts.variants import COMPARED, FIX, SHIPPED, VARIANTS, VariantError, variant_diff

CHANGED: Final[dict[Change, set[str]]] = {
    Change.NOTHING: set(),
    Change.DEADLINES: {"clients.timeouts"},
    Change.DEADLINES_AND_SPOOL: {"clients.timeouts", "spool_bytes", "grace"},
    Change.LARGEST_POOL: {"clients.upload_workers"},
}
"""The settings that each change may touch."""


@pytest.mark.parametrize("change", Change)
@pytest.mark.parametrize("name", ["gather_all", "supervised"])
def test_a_change_touches_its_own_settings_and_not_the_lifecycle(name: str, change: Change) -> None:
    before = VARIANTS[name]
    lines = variant_diff(before, change.made_to(before)).splitlines()[2:]
    changed = {line[1:].partition(":")[0] for line in lines if line[0] in "+-"}
    assert {".".join(key.split(".")[:2]) for key in changed} == CHANGED[change]


def test_the_changes_are_those_of_the_version_to_ship_and_the_largest_pool_on_record() -> None:
    both = Change.DEADLINES_AND_SPOOL.made_to(FIX).pusher
    assert replace(both, lifecycle=SHIPPED.pusher.lifecycle) == SHIPPED.pusher
    assert Change.DEADLINES.made_to(FIX).pusher.clients == SHIPPED.pusher.clients
    assert Change.LARGEST_POOL.made_to(FIX).pusher.clients.upload_workers == 96


def test_each_experiment_has_a_stored_outcome_in_the_same_order() -> None:
    stored_ones = [(one.scenario, one.variant, one.change) for one in read_outcomes()]
    assert stored_ones == [(one.scenario, one.variant, one.change) for one in EXPERIMENTS]


def test_outcomes_that_are_written_are_read_back(tmp_path: Path) -> None:
    write_outcomes(read_outcomes(), tmp_path / "outcomes.csv")
    assert (tmp_path / "outcomes.csv").read_bytes() == STORED_OUTCOMES.read_bytes()


def test_an_invalid_figure_is_named_with_its_line_and_column(tmp_path: Path) -> None:
    text = STORED_OUTCOMES.read_text("utf-8").replace("216,194", "216,-1")
    (tmp_path / "outcomes.csv").write_text(text, "utf-8")
    with pytest.raises(EvidenceError, match=r"^outcomes\.csv:2: ghosts: "):
        read_outcomes(tmp_path / "outcomes.csv")


@pytest.mark.parametrize("variant", COMPARED)
def test_an_outcome_is_what_its_recording_ends_with(variant: str) -> None:
    recording = stored(variant)
    outcome = outcome_of(recording, Change.NOTHING)
    last, audio = recording.last, recording.audio
    assert (outcome.scenario, outcome.variant) == ("production", variant)
    assert (outcome.gauge, outcome.ghosts) == (last.gauge, last.ghosts)
    assert outcome.workers_blocked == last.workers_blocked
    assert (outcome.received_bytes, outcome.lost_bytes) == (audio.received, audio.lost)


def test_a_drain_has_timed_out_where_a_session_ends_30_s_after_its_device_left() -> None:
    closed_after = {"early": BG_DRAIN_TIMEOUT - 1, "late": BG_DRAIN_TIMEOUT, "never": None}
    events = []
    for who, seconds in closed_after.items():
        events.append(Event(t=100.0, kind="device_left", who=who))
        if seconds is not None:
            events.append(Event(t=100.0 + seconds, kind="session_closed", who=who))
    outcome = outcome_of(replace(stored("supervised"), events=tuple(events)), Change.NOTHING)
    assert (outcome.departures, outcome.drains_timed_out) == (3, 1)


def test_what_does_not_exist_is_answered_with_what_does() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario 'nothing'"):
        run_experiment(Experiment(scenario="nothing", variant="supervised"))
    with pytest.raises(VariantError, match=r"no variant 'nobody'; there are: gather_all"):
        run_experiment(Experiment(scenario="outage", variant="nobody"))
