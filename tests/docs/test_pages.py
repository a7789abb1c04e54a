"""What the README and the pages point at is there, and their pictures are of today."""

import re
import subprocess
from pathlib import Path

import draw_pictures
import pytest
from book_pages import LINK, PAGES, ROOT, prose
from matplotlib.testing.compare import compare_images

import ghosts

OMI = "https://github.com/BasedHardware/omi"
GITHUB = re.compile(r"\[([^\]]+)\]\((https://github\.com/[^)\s]*)\)")

every_page = pytest.mark.parametrize("path", [ROOT / page for page in PAGES], ids=PAGES)


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@every_page
def test_every_link_to_a_file_or_a_heading_leads_somewhere(path: Path) -> None:
    for target, anchor in LINK.findall(prose(path)):
        page = path.parent / target if target else path
        assert page.exists(), target
        assert not anchor or anchor in headings(page), f"{target}#{anchor}"


@every_page
def test_every_issue_of_omi_that_a_page_of_ours_names_is_a_link(path: Path) -> None:
    text = re.sub(r"`[^`]*`", "", prose(path))
    assert re.findall(r"(?<!\[)\bomi#\d+", text) == []


@pytest.fixture(scope="module")
def numbers_on_record() -> set[str]:
    """Return the issues and pull requests of omi that the evidence names as sources."""
    files = (ROOT / "data").rglob("*.csv")
    return {n for path in files for n in re.findall(r"omi#(\d+)", path.read_text("utf-8"))}


@every_page
def test_a_link_to_github_leads_to_a_repository_or_to_an_issue_that_the_evidence_names(
    path: Path, numbers_on_record: set[str]
) -> None:
    links = GITHUB.findall(prose(path))
    assert len(links) == prose(path).count("github.com/"), "each is a link with a text"
    for text, url in links:
        issue = re.fullmatch(rf"{OMI}/(?:issues|pull)/(\d+)", url)
        if issue is None:
            assert url == OMI or re.fullmatch(r"https://github\.com/(?!BasedH)[\w.-]+/[\w.-]+", url)
        else:
            assert text == f"omi#{issue[1]}"
            assert issue[1] in numbers_on_record


def test_every_target_that_the_readme_names_is_one_of_make() -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert named >= {"replay", "test"}
    assert named <= set(re.findall(r"^ +make ([a-z-]+)", listed, re.MULTILINE))


@pytest.mark.parametrize("name", ["before_and_after", "architecture"])
def test_the_picture_of_a_page_is_what_the_code_draws(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "pictures"
    if not folder.exists():
        draw_pictures.draw(folder)
    # In grey levels, for what another machine's floating point may shift.
    difference = compare_images(
        str(draw_pictures.DOCS / f"{name}.png"), str(folder / f"{name}.png"), tol=1
    )
    assert difference is None, f"run: make notebooks\n{difference}"


def test_each_part_in_the_picture_of_the_architecture_is_in_the_code() -> None:
    package = Path(ghosts.__file__).parent
    assert [box.path for box in draw_pictures.BOXES if not (package / box.path).exists()] == []
