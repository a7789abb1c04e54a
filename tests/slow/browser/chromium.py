"""The system's Chromium, as Playwright drives it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
PATIENCE: Final = 3_600_000
"""Milliseconds that one step may take: more than on any machine."""

expect.set_options(timeout=PATIENCE)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start it; fail with what to install where there is none."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail(
            "no Chromium on the PATH: install it (Debian: apt install chromium), "
            f"under one of the names {', '.join(NAMES)}",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"], timeout=PATIENCE
        )
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: Browser, **options: Any) -> Page:
    """Open a page in a context with these options; to close the page closes the context."""
    page = browser.new_page(**options)
    page.context.set_default_timeout(PATIENCE)
    return page
