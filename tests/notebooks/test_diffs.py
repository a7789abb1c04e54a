"""A diff in a notebook is read in any theme, on paper, and where styles are dropped."""

import re

import pytest
from bs4 import BeautifulSoup
from contrast import LEAST, contrast
from nbformat.v4 import new_code_cell, new_notebook
from refresh_notebooks import run

from ghosts.notebook import show_diff

DIFF = """--- before
+++ after
@@ -1,2 +1,2 @@
     try:
-        await gather(*tasks)
+        await done < 30"""


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
    assert min(contrast(*pair) for pair in pairs) >= LEAST


def test_outside_of_a_notebook_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show_diff(DIFF)
    assert capsys.readouterr().out == f"{DIFF}\n"
