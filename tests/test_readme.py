"""What the README and its kin point at is there, and the README's picture is of today."""

import re
import subprocess
from pathlib import Path

import draw_readme_picture
import pytest
from matplotlib.testing.compare import compare_images

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(path for folder in ("data", "lib") for path in (ROOT / folder).rglob("*.md")),
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_target_that_the_readme_names_is_one_of_make() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert named >= {"replay", "test"}
    assert named <= set(re.findall(r"^ +make ([a-z]+)", listed, re.MULTILINE))


def test_the_picture_of_the_readme_is_what_the_recordings_give(tmp_path: Path) -> None:
    now = tmp_path / "now.png"
    draw_readme_picture.draw(now)
    # In grey levels, for what another machine's floating point may shift.
    difference = compare_images(str(draw_readme_picture.PICTURE), str(now), tol=1)
    assert difference is None, f"run: make notebooks\n{difference}"
