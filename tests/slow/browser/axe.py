"""What axe finds on a page that keeps somebody from reading it."""

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def found(page: Page, within: str = "", rules: Sequence[str] = ()) -> list[str]:
    """Return a line for each element that breaks a rule: of these, or any, within selectors.

    At least one of the selectors, which are separated by commas, has to match.
    """
    options = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = [*rules]
    parts = [[selector] for selector in within.split(", ")] if within else []
    present = [part for part in parts if page.locator(part[0]).count()]
    assert present or not parts, f"the page has no {within}"
    results = Axe().run(page, {"include": present} if present else None, options)
    return [
        f"{violation['id']}: {node['html'][:160]} {node['any'][:1]}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
