"""The report in a browser, with the player of its recordings and that of the stored runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chromium import open_page
from playwright.sync_api import Browser, Locator, Page

from ghosts.records.recording import Sample


@contextmanager
def without_network(browser: Browser, report: Path) -> Iterator[Page]:
    """Open a report without a network; whatever it complains of or asks for fails the test."""
    complaints: list[str] = []
    requests: list[str] = []
    page = open_page(browser, offline=True, viewport={"width": 1280, "height": 800})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    yield page
    page.close()
    assert complaints == []
    assert {url for url in requests if not url.startswith("data:")} == {report.as_uri()}


def of_recordings(page: Page) -> Locator:
    """Return the player of the report's recordings."""
    return page.locator("#ghosts-player")


def of_stored_runs(page: Page) -> Locator:
    """Return the player of the stored runs."""
    return page.locator("#ghosts-stored-runs")


def tab_to(player: Locator, role: str, name: str) -> None:
    """Press Tab until the element has the focus."""
    sought = player.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
    for _ in range(20):
        player.page.keyboard.press("Tab")
        if sought.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"Tab does not reach the {role} {name!r}")


def title_at(sample: Sample, workers: int) -> str:
    """Return the title of a player at a sample."""
    ghosts = f"{sample.ghosts} ghost{'' if sample.ghosts == 1 else 's'}"
    return (
        f"minute {sample.t // 60:.0f}: gauge {sample.gauge}, TCP {sample.tcp}, {ghosts}, "
        f"{sample.workers_blocked} of {workers} workers blocked"
    )
