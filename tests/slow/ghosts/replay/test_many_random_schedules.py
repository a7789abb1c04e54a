"""More random schedules than in `tests/ghosts/replay`; with the profile `soak`, 2,000 new ones.

The same promises find the incident in `gather_all`, and hypothesis reduces it to one device and
one fault, which is kept as the scenario `smallest_ghost`.
"""

from dataclasses import replace
from random import Random
from typing import Final

import pytest
from hypothesis import find, given, settings
from promises import names_of, promises_broken
from schedules import DRAWN, SCHEDULES, lasting

from ghosts.matrix.catalogue import FAULTS
from ghosts.records.scenario import Scenario, load_scenario
from ghosts.records.scenario_toml import as_toml

pytestmark = pytest.mark.long

SOAK: Final = settings.get_current_profile_name() == "soak"
SEARCH: Final = settings(DRAWN, max_examples=500)


@pytest.mark.timeout(0)
@settings(
    DRAWN,
    max_examples=settings.default.max_examples if SOAK else 60,
    derandomize=not SOAK,
    print_blob=True,
)
@given(SCHEDULES)
def test_the_version_to_ship_keeps_its_promises_whatever_is_drawn(scenario: Scenario) -> None:
    broken = promises_broken(scenario, "shipped")
    assert not broken, "\n".join([*broken, "", as_toml(scenario)])


@pytest.mark.parametrize("fault", FAULTS)
def test_the_version_to_ship_keeps_its_promises_under_every_fault_of_the_catalogue(
    fault: str,
) -> None:
    assert promises_broken(lasting(load_scenario(fault)), "shipped") == []


def without_text(scenario: Scenario) -> Scenario:
    return replace(scenario, name="", summary="")


def test_in_the_incident_a_ghost_is_found_and_reduced_to_the_schedule_that_is_stored() -> None:
    found = find(
        SCHEDULES,
        lambda scenario: "no ghosts" in names_of(promises_broken(scenario, "gather_all")),
        settings=SEARCH,
        random=Random(0),
    )
    assert without_text(found) == without_text(load_scenario("smallest_ghost"))


def test_under_the_published_fix_a_schedule_that_loses_audio_is_found() -> None:
    assert find(
        SCHEDULES,
        lambda scenario: "no audio is lost" in names_of(promises_broken(scenario, "supervised")),
        settings=settings(SEARCH, phases=[SEARCH.phases[0]]),
        random=Random(0),
    )
