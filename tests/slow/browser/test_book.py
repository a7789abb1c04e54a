"""The built book: its links resolve, it needs no network, and a browser shows it at any width."""

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import axe
import pytest
from book_pages import PAGES, ROOT
from bs4 import BeautifulSoup
from chromium import open_page
from notebook_form import read
from playwright.sync_api import Browser, Page

NOTEBOOKS = [page for page in PAGES if page.endswith(".ipynb")]
OF_EACH_KIND = ["README.md", "notebooks/06_how_the_fix_grew.ipynb", "book/api/async_tasks.md"]
every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a newly built book."""
    folder = tmp_path_factory.mktemp("book") / "book"
    build = ["make", "--no-print-directory", "book", f"BOOK={folder}"]
    run = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    return folder


def html_of(page: str) -> str:
    return f"{page.rpartition('.')[0]}.html"


@cache
def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(path: Path) -> set[str]:
    return {str(tag["id"]) for tag in parsed(path).find_all(id=True)}


def built(book: Path) -> list[Path]:
    return [path for path in book.rglob("*.html") if "_static" not in path.parts]


def references(path: Path) -> list[str]:
    """Return all that a page links to or loads, without what is on other hosts."""
    tags = parsed(path).find_all(["a", "img", "link", "script"])
    named = [str(tag.get("href") or tag.get("src") or "") for tag in tags]
    return [target for target in named if target and not target.startswith(("https:", "http:"))]


def test_every_link_and_every_anchor_within_the_book_resolves(book: Path) -> None:
    broken = []
    for path in built(book):
        for target in references(path):
            file, _, anchor = target.partition("?")[0].partition("#")
            leads_to = (path.parent / file).resolve() if file else path
            if not leads_to.is_file() or (anchor and anchor not in anchors(leads_to)):
                broken.append(f"{path.relative_to(book)}: {target}")
    assert broken == []


def test_every_link_has_a_text(book: Path) -> None:
    for path in built(book):
        for link in parsed(path).select("article a[href]"):
            assert link.get_text(strip=True) or link.find("img"), (path.name, link)


def test_every_page_and_every_notebook_of_the_repository_is_built(book: Path) -> None:
    assert [page for page in PAGES if not (book / html_of(page)).is_file()] == []


@every_notebook
def test_a_notebook_has_its_stored_outputs_and_the_alt_texts_of_its_pictures(
    book: Path, name: str
) -> None:
    article: Any = parsed(book / html_of(name)).find("article")
    text = article.get_text()
    stored: list[str] = []
    for cell in read(ROOT / name).cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                plain = re.sub(r"\x1b\[[\d;]*m", "", "".join(output.text))
                assert [line for line in plain.splitlines() if line not in text] == []
            elif "image/png" in output.get("data", {}):
                stored.append(output.metadata["image/png"]["alt"])
    pictures = article.select(".cell_output img")
    assert [str(picture["alt"]) for picture in pictures] == stored


def test_previous_and_next_tell_the_story_in_its_order(book: Path) -> None:
    page, told = book / "README.html", []
    for _ in NOTEBOOKS:
        link: Any = parsed(page).select_one("a.right-next")
        page = (page.parent / link["href"]).resolve()
        told.append(page.relative_to(book).as_posix())
    assert told == [html_of(name) for name in NOTEBOOKS]


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """Return a tab for which there is no network."""
    page = open_page(browser)
    page.route(re.compile("^(?!file:|data:|blob:)"), lambda route: route.abort())
    return page


def trouble(tab: Page) -> list[str]:
    """Return a list that fills with each request that fails and each error of a script."""
    found: list[str] = []
    tab.on("requestfailed", lambda request: found.append(request.url))
    tab.on("pageerror", lambda error: found.append(str(error)))
    return found


def test_each_page_opens_from_a_file_without_a_network_and_fits_a_phone(
    book: Path, tab: Page
) -> None:
    found = trouble(tab)
    tab.set_viewport_size({"width": 390, "height": 844})
    too_wide = []
    for path in built(book):
        if path.name != "index.html":
            tab.goto(path.as_uri())
            if tab.evaluate("document.documentElement.scrollWidth") > 390:
                too_wide.append(path.relative_to(book).as_posix())
    assert (found, too_wide) == ([], [])


def test_the_front_door_leads_to_the_first_page_and_its_search_finds_a_notebook(
    book: Path, tab: Page
) -> None:
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.goto((book / "index.html").as_uri())
    tab.wait_for_url("**/README.html")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("autoscaler")
    tab.keyboard.press("Enter")
    tab.locator("ul.search a", has_text="Capacity").first.click()
    tab.wait_for_url("**/notebooks/09_capacity.html*")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast_and_links_and_pictures_have_names(
    book: Path, browser: Browser, scheme: Any
) -> None:
    rules = ["color-contrast", "image-alt", "link-name", "button-name", "document-title"]
    tab = open_page(browser, color_scheme=scheme)
    for page in OF_EACH_KIND:
        tab.goto((book / html_of(page)).as_uri())
        assert axe.found(tab, rules=rules) == [], page
    tab.close()
