"""The same scenario and seed give the same recording, sample for sample, wherever it runs."""

from dataclasses import replace
from typing import Final

from determinism import (
    busy_production,
    check_that_both_forms_of_the_fix_are_the_same_from_outside,
    check_that_sampling_changes_nothing,
    trace,
)

SHORT: Final = busy_production(fewer=40, parts=8, share=0.3)
"""24 minutes of 7 devices; `tests/slow` replays 95 minutes of 26, and in other processes, too."""


def test_the_fix_as_published_and_the_fix_with_a_scope_are_the_same_from_outside() -> None:
    check_that_both_forms_of_the_fix_are_the_same_from_outside(SHORT)


def test_what_happens_does_not_depend_on_how_often_samples_are_taken() -> None:
    check_that_sampling_changes_nothing(SHORT, "gather_all")


def test_the_same_seed_gives_the_same_recording_and_another_seed_another() -> None:
    first, second = trace(SHORT, "gather_all"), trace(SHORT, "gather_all")
    other = trace(replace(SHORT, seed=SHORT.seed + 1), "gather_all")
    assert first == second
    assert first.events != other.events
