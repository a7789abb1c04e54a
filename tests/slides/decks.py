"""The decks as `make slides` builds them, and a browser to look at them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from build_slides import NOTEBOOKS, SOURCE
from playwright.sync_api import Browser, sync_playwright
from slides.cells import Drawing, Notebooks
from slides.page import Deck
from slides.source import Picture, read_source

from ghosts.plots.style import figure


class WithoutReplays(Notebooks):
    """Draws an empty figure where a cell replays a scenario, which takes seconds."""

    def draw(self, picture: Picture) -> Drawing:
        """Return the picture; of a replay, axes only."""
        if any("replay(" in self.cell(cell).source for cell in picture.cells):
            return Drawing(figure(height=picture.height)[0], "axes only")
        return super().draw(picture)


def whole_deck() -> Deck:
    """Return the deck as it is built."""
    return Deck(read_source(SOURCE), Notebooks(NOTEBOOKS))


PATIENCE = 3_600_000
"""Milliseconds: ends a wait for what never comes; no machine is that slow."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium; fail with what to install where there is none."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no Chromium on the PATH: apt install chromium on Debian", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"], timeout=PATIENCE
        )
        yield browser
        browser.close()
