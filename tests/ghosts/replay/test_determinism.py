"""The same scenario and seed give the same recording, sample for sample, wherever it runs."""

from dataclasses import replace
from typing import Final

import pytest
from determinism import (
    busy_production,
    check_that_both_forms_of_the_fix_are_the_same_from_outside,
    check_that_runs_repeat,
    check_that_sampling_changes_nothing,
    trace,
)

SHORT: Final = busy_production(fewer=40, parts=8, share=0.3)
"""24 minutes of 7 devices; `tests/slow` replays 95 minutes of 26."""


def test_runs_repeat_in_a_script_in_a_running_loop_in_another_process_and_under_load() -> None:
    check_that_runs_repeat(SHORT, "gather_all")


def test_the_fix_as_published_and_the_fix_with_a_scope_are_the_same_from_outside() -> None:
    check_that_both_forms_of_the_fix_are_the_same_from_outside(SHORT)


@pytest.mark.parametrize("variant", ["gather_all", "supervised", "shipped"])
def test_what_happens_does_not_depend_on_how_often_samples_are_taken(variant: str) -> None:
    check_that_sampling_changes_nothing(SHORT, variant)


def test_another_seed_gives_another_recording() -> None:
    other = replace(SHORT, seed=SHORT.seed + 1)
    assert trace(other, "gather_all").events != trace(SHORT, "gather_all").events
