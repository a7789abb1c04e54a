"""Pictures of the pages say what they show, and fit a screen."""

import re
from pathlib import Path

import pytest
from notebook_rules import TALLEST

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURES = [
    (page, alt, file)
    for page in PAGES
    for alt, file in re.findall(r"!\[([^]]*)\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "alt", "file"), PICTURES, ids=[each[2] for each in PICTURES])
def test_a_picture_has_its_finding_in_words_and_fits_a_screen(
    page: Path, alt: str, file: str
) -> None:
    assert len(alt.split()) >= 12
    png = (page.parent / file).read_bytes()
    assert png[1:4] == b"PNG"
    assert int.from_bytes(png[20:24], "big") <= TALLEST


def test_each_picture_in_the_folder_is_on_a_page() -> None:
    shown = {(page.parent / file).resolve() for page, _, file in PICTURES}
    assert shown == set((ROOT / "docs").glob("*.png"))
