"""A diff in a notebook is read in any theme, on paper, and where styles are dropped."""

import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook
from refresh_notebooks import run

from ghosts.notebook import show_diff

DIFF = """--- before
+++ after
@@ -1,2 +1,2 @@
     try:
-        await gather(*tasks)
+        await done < 30"""


def luminance(color: str) -> float:
    """As WCAG defines it, of a colour like #0b4f24."""
    shades = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shades]
    return sum(part * by for part, by in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a kernel sends for it."""
    source = f"from ghosts.notebook import show_diff\nshow_diff({DIFF!r})"
    (cell,) = run(new_notebook(cells=[new_code_cell(source)]), tmp_path_factory.getbasetemp()).cells
    (output,) = cell.outputs
    return output.data


def test_each_line_has_its_sign_as_text(shown: dict[str, str]) -> None:
    assert BeautifulSoup(shown["text/html"], "html.parser").get_text() == DIFF
    assert shown["text/plain"] == DIFF


def test_ink_and_ground_are_its_own_and_stand_apart(shown: dict[str, str]) -> None:
    pairs = re.findall(r"color: (#\w{6}); background: (#\w{6})", shown["text/html"])
    assert len(set(pairs)) == 3
    for ink, ground in pairs:
        assert (luminance(ground) + 0.05) / (luminance(ink) + 0.05) >= 4.5


def test_outside_of_a_notebook_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show_diff(DIFF)
    assert capsys.readouterr().out == f"{DIFF}\n"
