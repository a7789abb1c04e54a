"""The postmortem in a browser: on a screen, for readers who do not see it, and on paper."""

import re

import axe
import pytest
from chromium import chromium, open_page

from ghosts.postmortem import compose, load_incident, recordings_of, write_postmortem


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of this incident, in a window of 1280 by 900."""
    folder = tmp_path_factory.mktemp("page")
    incident = load_incident()
    postmortem = compose(incident, recordings_of(incident))
    write_postmortem(postmortem, folder / "postmortem.html", folder / "postmortem.md")
    with chromium() as browser:
        opened = open_page(browser, viewport={"width": 1280, "height": 900})
        opened.goto((folder / "postmortem.html").as_uri())
        yield opened


def test_nothing_runs_over_the_edge_and_pictures_are_at_most_700_pixels_high(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    heights = page.evaluate("[...document.images].map(one => one.clientHeight)")
    assert len(heights) == 2
    assert 300 < min(heights) <= max(heights) <= 700


def test_it_has_no_fault_that_axe_knows_contrast_included(page):
    assert axe.found(page) == []


def test_a_link_to_a_figure_leads_to_its_row(page):
    page.locator("a[href='#figure-fleet_ghosts']").first.click()
    row = page.locator("#figure-fleet_ghosts")
    assert row.bounding_box()["y"] < 900
    assert "182.4 ghosts" in row.inner_text()


def test_it_prints_on_pages_of_a4_with_nothing_cut_off(page):
    pdf = page.pdf(format="A4")
    assert 5 < len(re.findall(rb"/Type\s*/Page\b", pdf)) < 20
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})  # A4 less its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    style = "getComputedStyle(document.querySelector('figure')).breakInside"
    assert page.evaluate(style) == "avoid"
