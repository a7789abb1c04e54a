"""In the report, parameters choose among stored runs: by keyboard, at the minute of the slider."""

from collections.abc import Iterator
from dataclasses import replace

import axe
import pytest
from player_page import of_stored_runs, tab_to, title_at, without_network
from playwright.sync_api import Browser, Locator, Page, expect

from ghosts.paths import DATA
from ghosts.player.choices import finding
from ghosts.player.parameters import Parameters
from ghosts.player.variations import Variation, stored_variations
from ghosts.records.recording import Recording
from ghosts.report.html import write_report

STORED = {each.parameters: each for each in stored_variations()}
INCIDENT = stored_variations()[0]
RECORDED = Recording.load(DATA / "recordings" / "production_full_gather_all.json")


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    report = tmp_path_factory.mktemp("report") / "report.html"
    write_report([RECORDED], report)
    with without_network(browser, report) as opened:
        yield opened


@pytest.fixture
def player(page: Page) -> Locator:
    page.reload()
    return of_stored_runs(page)


def with_workers(workers: int) -> Variation:
    return STORED[replace(INCIDENT.parameters, workers=workers)]


def assert_shows(player: Locator, variation: Variation) -> None:
    """Assert that a stored run is shown at the slider's minute, beside the incident's."""
    at = int(player.get_by_role("slider").input_value())
    title, beside = (
        title_at(each.recording.samples[at], each.parameters.workers)
        for each in (variation, INCIDENT)
    )
    expect(player.locator(".state")).to_have_text(title)
    expect(player.locator(".ended")).to_have_text(finding(variation, INCIDENT))
    name = f"{INCIDENT.parameters}"
    expect(player.locator(".beside")).to_have_text(
        f"These are the incident's parameters: {name}."
        if variation == INCIDENT
        else f"Incident ({name}), {beside}"
    )


def test_more_workers_are_chosen_by_keyboard_and_the_minute_stays(player: Locator) -> None:
    keyboard = player.page.keyboard
    expect(player.get_by_role("group", name="Stored runs")).to_be_visible()
    assert_shows(player, INCIDENT)
    tab_to(player, "radio", "16")
    keyboard.press("ArrowRight")
    assert_shows(player, with_workers(32))
    tab_to(player, "slider", "Simulated time")
    keyboard.press("PageDown")
    minute = player.get_by_role("slider").get_attribute("aria-valuetext")
    assert_shows(player, with_workers(32))
    player.get_by_role("radio", name="32", exact=True).focus()
    for key, workers in (("ArrowRight", 64), ("ArrowLeft", 32), ("ArrowLeft", 16)):
        keyboard.press(key)
        assert_shows(player, with_workers(workers))
        expect(player.get_by_role("slider")).to_have_attribute("aria-valuetext", f"{minute}")


def test_each_stored_run_is_reached_and_a_choice_that_leads_to_none_is_disabled(
    player: Locator,
) -> None:
    values = {
        name: sorted(
            {each.fields[name] for each in STORED}, key=lambda value: float(value or "inf")
        )
        for name in INCIDENT.parameters.fields
    }
    groups = player.locator("fieldset fieldset")
    seen: set[Parameters] = set()

    def walk(variation: Variation) -> None:
        seen.add(variation.parameters)
        assert_shows(player, variation)
        fields = variation.parameters.fields
        for place, (name, options) in enumerate(values.items()):
            radios = groups.nth(place).get_by_role("radio")
            for number, value in enumerate(options):
                there = STORED.get(Parameters.parse({**fields, name: value}))
                expect(radios.nth(number)).to_be_enabled(enabled=there is not None)
                if there is not None and there.parameters not in seen:
                    radios.nth(number).check()
                    walk(there)
                    radios.nth(options.index(fields[name])).check()

    walk(INCIDENT)
    assert seen == set(STORED)


def test_it_fits_a_screen_and_axe_finds_nothing(player: Locator) -> None:
    box = player.bounding_box()
    assert box is not None
    assert box["height"] <= 760
    assert player.page.evaluate("document.documentElement.scrollWidth") <= 1280
    player.get_by_role("radio", name="64", exact=True).check()
    assert axe.found(player.page, "#ghosts-stored-runs") == []
