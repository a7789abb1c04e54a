"""The HTML reports keep nobody from reading them: axe finds nothing, and pictures fit a screen."""

from pathlib import Path

import axe
from jupyterlab_driver import loaded_pictures
from made_report import usual
from notebook_rules import TALLEST
from playwright.sync_api import Page

from ghosts.check.report.html import write_html
from ghosts.paths import DATA
from ghosts.records.recording import Recording
from ghosts.report.html import write_report

VARIANTS = ("gather_all", "supervised", "shipped")


def test_the_report_of_a_replay(page: Page, tmp_path: Path) -> None:
    paths = [DATA / f"recordings/production_full_{name}.json" for name in VARIANTS]
    write_report([*map(Recording.load, paths)], tmp_path / "report.html")
    page.goto((tmp_path / "report.html").as_uri())
    assert axe.found(page) == []
    shown = loaded_pictures(page.locator("img"))
    assert len(shown) == 3
    for picture in shown:
        assert picture.loaded
        assert any(letter.isdigit() for letter in picture.alt)
        assert picture.height <= TALLEST
    page.set_viewport_size({"width": 700, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 700, "no scrolling sideways"


def test_the_report_of_a_check(page: Page, tmp_path: Path) -> None:
    write_html(usual(), tmp_path / "check.html")
    page.goto((tmp_path / "check.html").as_uri())
    page.locator("summary").evaluate_all("all => all.forEach(one => one.parentElement.open = true)")
    assert axe.found(page) == []
