"""The player in the report: from a file, without a network, by keyboard alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import axe
import pytest
from player_page import of_recordings, tab_to, title_at, without_network
from playwright.sync_api import Browser, Page, expect

from ghosts.config import STORAGE_WORKERS
from ghosts.paths import DATA
from ghosts.records.recording import Recording, Sample
from ghosts.report.html import write_report

NAMES = ("gather_all", "supervised")
RECORDINGS = [Recording.load(DATA / f"recordings/production_full_{name}.json") for name in NAMES]
BEFORE, AFTER = RECORDINGS
PAGE_STEPS = len(BEFORE.samples) // 10


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(RECORDINGS, path)
    return path


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    with without_network(browser, report) as opened:
        yield opened


def sample_of(page: Page, recording: Recording = BEFORE) -> Sample:
    """Return the sample that the slider is at."""
    return recording.samples[int(of_recordings(page).get_by_role("slider").input_value())]


def assert_shows(page: Page, sample: Sample) -> None:
    """Assert that title, labels and bars are those of a sample."""
    expect(of_recordings(page).locator(".state")).to_have_text(title_at(sample, STORAGE_WORKERS))
    labels = of_recordings(page).locator("text.label").all_text_contents()
    memory = f"ghosts {round(sample.retained_bytes / 2**20):,} MiB"
    assert {f"gauge {sample.gauge}", f"TCP {sample.tcp}", memory} <= set(labels)
    assert bars_at_the_line(page, "ghost") == sample.ghosts
    states = ("connected", "draining", "ghost")
    assert sum(bars_at_the_line(page, state) for state in states) == sample.gauge


def bars_at_the_line(page: Page, state: str) -> int:
    """Return how many bars of a state reach the line of now, where the picture ends."""
    return page.locator(f"#ghosts-player rect.{state}").evaluate_all(
        """bars => {
            const past = document.querySelector("#ghosts-player clipPath rect");
            const now = +past.getAttribute("width");
            return bars.filter(bar => {
                const x = +bar.getAttribute("x"), end = x + +bar.getAttribute("width");
                return x <= now && now <= end + 1e-6;
            }).length;
        }"""
    )


def test_the_slider_moves_by_keyboard_to_what_was_counted_at_each_sample(page: Page) -> None:
    assert_shows(page, BEFORE.last)
    tab_to(of_recordings(page), "slider", "Simulated time")
    slider = of_recordings(page).get_by_role("slider")
    for key, place in (
        ("Home", 0),
        ("ArrowRight", 1),
        ("PageUp", 1 + PAGE_STEPS),
        ("ArrowUp", 2 + PAGE_STEPS),
        ("ArrowLeft", 1 + PAGE_STEPS),
        ("PageUp", 1 + 2 * PAGE_STEPS),
        ("PageUp", 1 + 3 * PAGE_STEPS),
        ("PageDown", 1 + 2 * PAGE_STEPS),
        ("End", len(BEFORE.samples) - 1),
    ):
        page.keyboard.press(key)
        assert int(slider.input_value()) == place, key
        assert_shows(page, BEFORE.samples[place])
        spoken = slider.get_attribute("aria-valuetext")
        assert spoken == f"minute {BEFORE.samples[place].t // 60:.0f}"


def test_another_run_is_shown_at_the_same_minute_by_keyboard(page: Page) -> None:
    tab_to(of_recordings(page), "radio", "gather_all")
    page.keyboard.press("ArrowRight")
    expect(of_recordings(page).get_by_role("radio", name="supervised")).to_be_checked()
    assert_shows(page, AFTER.last)
    page.keyboard.press("Tab")
    page.keyboard.press("PageDown")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowLeft")
    assert_shows(page, sample_of(page))
    assert sample_of(page) == BEFORE.samples[len(BEFORE.samples) - 1 - PAGE_STEPS]


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_and_pause_by_keyboard(page: Page, motion: str) -> None:
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
    state, slider = of_recordings(page).locator(".state"), of_recordings(page).get_by_role("slider")
    tab_to(of_recordings(page), "button", "Play")
    page.keyboard.press("Space")
    expect(of_recordings(page).get_by_role("button", name="Pause")).to_be_focused()
    expect(state).to_have_attribute("aria-live", "off")
    first = 0 if motion == "no-preference" else PAGE_STEPS // 2
    expect(slider).not_to_have_value(re.compile(f"^[0-{first}]$"))
    page.keyboard.press("Space")
    expect(of_recordings(page).get_by_role("button", name="Play")).to_be_focused()
    expect(state).to_have_attribute("aria-live", "polite")
    place = int(slider.input_value())
    assert place > 0
    if motion == "reduce":
        assert place % (len(BEFORE.samples) // 20 + 1) == 0
    assert_shows(page, BEFORE.samples[place])


@pytest.mark.parametrize("width", [1280, 1920])
def test_it_fits_the_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    box = of_recordings(page).bounding_box()
    assert box is not None
    assert box["height"] <= 700
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    edges = page.locator("#ghosts-player text").evaluate_all(
        "texts => texts.map(text => text.getBoundingClientRect().right)"
    )
    assert max(edges) <= box["x"] + box["width"]


def test_what_the_keyboard_is_at_can_be_seen(page: Page) -> None:
    tab_to(of_recordings(page), "slider", "Simulated time")
    outline = (
        of_recordings(page)
        .get_by_role("slider")
        .evaluate("it => getComputedStyle(it).outlineWidth")
    )
    assert outline == "3px"


def test_nothing_in_it_bars_people_from_it(page: Page) -> None:
    assert axe.found(page, ".player") == []
