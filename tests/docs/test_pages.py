"""What the README and the pages point at is there, and their pictures are of today."""

import re
import subprocess
from pathlib import Path

import draw_pictures
import pytest
from matplotlib.testing.compare import compare_images

import ghosts

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *(path for folder in ("data", "docs", "lib") for path in (ROOT / folder).rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_or_a_heading_leads_somewhere(path: Path) -> None:
    for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        page = path.parent / target if target else path
        assert page.exists(), target
        assert not anchor or anchor in headings(page), f"{target}#{anchor}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_issue_of_omi_that_a_page_of_ours_names_is_a_link(path: Path) -> None:
    text = re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8"))
    assert re.findall(r"(?<!\[)\bomi#\d+", text) == []


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
