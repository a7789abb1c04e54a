"""Notebooks print the same for everyone, whatever a user's own settings are."""

from pathlib import Path

import pytest
import refresh_notebooks
from nbformat import NotebookNode
from notebook_form import dumps, read
from synthetic import code, notebook

PAGE = notebook(
    code("import matplotlib.pyplot as plt", None),
    code("plt.figure()\nplt.plot([1, 2])\nplt.show()", None),
)


@pytest.fixture
def settings_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that shows every expression, larger figures, a backend that shows none."""
    profile = tmp_path / "profile_default"
    profile.mkdir()
    config = 'get_config().InteractiveShell.ast_node_interactivity = "all"'
    (profile / "ipython_config.py").write_text(config)
    (tmp_path / "matplotlibrc").write_text("figure.figsize: 9, 9\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    monkeypatch.setenv("MPLBACKEND", "agg")


def shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[NotebookNode]:
    folder.mkdir()
    (folder / "page.ipynb").write_text(dumps(PAGE))
    monkeypatch.setattr(refresh_notebooks, "NOTEBOOKS", folder)
    assert refresh_notebooks.main([]) == 0
    return list(read(folder / "page.ipynb").cells[1].outputs)


@pytest.mark.slow
@pytest.mark.usefixtures("settings_of_a_user")
def test_settings_of_a_user_change_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [figure] = shown(tmp_path / "isolated", monkeypatch)
    assert figure.data["text/plain"] == "<Figure size 640x480 with 1 Axes>"


@pytest.mark.slow
@pytest.mark.usefixtures("settings_of_a_user")
def test_they_would_if_kernels_were_not_isolated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh_notebooks, "isolate_kernels", lambda: None)
    outputs = shown(tmp_path / "exposed", monkeypatch)
    texts = [output.data["text/plain"] for output in outputs if "data" in output]
    assert "<Figure size 900x900 with 0 Axes>" in texts
    assert "<Figure size 640x480 with 1 Axes>" not in texts
