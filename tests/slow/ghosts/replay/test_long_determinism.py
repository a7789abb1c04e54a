"""The checks of `tests/ghosts/replay/test_determinism.py` on 95 minutes of 26 devices."""

import logging
from dataclasses import replace
from typing import Final

import pytest
from determinism import (
    busy_production,
    check_that_both_forms_of_the_fix_are_the_same_from_outside,
    check_that_runs_repeat,
    check_that_sampling_changes_nothing,
)

from ghosts.records.scenario import load_scenario

LONG: Final = busy_production(fewer=10, parts=2, share=0.014)


@pytest.mark.parametrize("variant", ["gather_all", "supervised"])
def test_runs_repeat_in_a_script_in_a_running_loop_in_another_process_and_under_load(
    variant: str,
) -> None:
    check_that_runs_repeat(LONG, variant)


def test_the_fix_as_published_and_the_fix_with_a_scope_are_the_same_from_outside() -> None:
    check_that_both_forms_of_the_fix_are_the_same_from_outside(LONG)


@pytest.mark.parametrize("variant", ["gather_all", "supervised", "shipped"])
def test_what_happens_does_not_depend_on_how_often_samples_are_taken(variant: str) -> None:
    check_that_sampling_changes_nothing(LONG, variant)


def test_runs_of_readers_repeat_wherever_they_are(caplog: pytest.LogCaptureFixture) -> None:
    # pytest keeps what is logged, and with the exception in it the session that has ended.
    caplog.set_level(logging.CRITICAL, logger="ghosts")
    readers = replace(load_scenario("readers").fewer(3), duration=100)
    check_that_runs_repeat(readers, "supervised")
