"""The system's Chromium, as Playwright drives it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
PATIENCE: Final = 3_600_000
"""Milliseconds: ends a wait for what never comes; no machine is that slow."""


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
