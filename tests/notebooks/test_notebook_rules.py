"""Each rule for stored notebooks catches what it is there for, and lets a right notebook pass."""

import pytest
from nbformat import NotebookNode
from notebook_rules import (
    RULES,
    Rule,
    cells_are_short,
    counts_run_from_one,
    errors_are_announced,
    kernel_is_python3,
    markers_are_nbvals,
    outputs_name_no_machine,
    pictures_are_described_and_fit_a_screen,
)
from synthetic import code, error, html, markdown, notebook, picture, stdout

RIGHT = notebook(
    markdown("# Ghosts"),
    code("gauge = 216", 1),
    code("print(gauge)", 2, stdout("216\n")),
    code("", None),
    code(
        "# NBVAL_RAISES_EXCEPTION\n1 / 0",
        3,
        error("ZeroDivisionError", "division by zero"),
        tags=["raises-exception"],
    ),
    code("# NBVAL_IGNORE_OUTPUT\n# wall time, which differs from run to run\nprint(7)", 4),
    code("check('app:app')", 5, stdout("storage.internal never answers, http://hooks.internal/")),
    code("server.get('/metrics')", 6, stdout("GET /metrics, type 0x65, 3/4, ghosts.lab")),
    code("lanes(incident)", 7, picture(700, alt="194 of 249 sessions never ended.")),
)


@pytest.mark.parametrize("rule", RULES)
def test_a_right_notebook_passes(rule: Rule) -> None:
    assert list(rule(RIGHT)) == []


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([code("1", None)], id="never run, so never compared"),
        pytest.param([code("1", 1), code("2", 3)], id="a cell run twice"),
        pytest.param([code("1", 2), code("2", 1)], id="out of order"),
        pytest.param([code("1", 2)], id="not from a fresh kernel"),
        pytest.param([code(" ", 1)], id="a blank cell with a count"),
        pytest.param([code("", None, stdout("x"))], id="a blank cell with outputs"),
    ],
)
def test_counts_out_of_order_are_caught(cells: list[NotebookNode]) -> None:
    assert len(list(counts_run_from_one(notebook(*cells)))) >= 1


def test_a_stored_error_is_caught() -> None:
    assert list(errors_are_announced(notebook(code("1/0", 1, error("ZeroDivisionError", "")))))


def test_a_cell_that_should_raise_and_did_not_is_caught() -> None:
    assert list(errors_are_announced(notebook(code("# NBVAL_RAISES_EXCEPTION\n1", 1))))


def test_a_kernel_of_somebodys_own_is_caught() -> None:
    mine = notebook(code("1", 1))
    mine.metadata.kernelspec.name = "my-venv"
    assert list(kernel_is_python3(mine))
    del mine.metadata["kernelspec"]
    assert list(kernel_is_python3(mine))


@pytest.mark.parametrize(
    "source",
    [
        "# NBVAL_IGNORE_OUTPUTS\n# why\n1",
        "# NBVAL-SKIP\n# why\n1",
        "# nbval_skip\n# why\n1",
        "# NB_VAL_SKIP\n# why\n1",
        "#NBVAL_SKIP\n# why\n1",
        "# NVBAL_IGNORE_OUTPUT\n# why\n1",
        "# NBVAL_IGNORE_OUTPUT: why\n1",
        "1  # NBVAL_IGNORE_OUTPUT\n# why",
        "# PYTEST_VALIDATE_IGNORE_OUTPUT\n# why\n1",
        "# NBVAL_IGNORE_OUTPUT\n1",
        "# NBVAL_SKIP\n#\n1",
        "# NBVAL_SKIP",
    ],
)
def test_a_marker_misspelled_or_without_a_reason_is_caught(source: str) -> None:
    assert list(markers_are_nbvals(notebook(code(source, 1))))


def test_an_error_that_would_stop_run_all_is_caught() -> None:
    untagged = code("# NBVAL_RAISES_EXCEPTION\n1 / 0", 1, error("ZeroDivisionError", "by zero"))
    assert list(markers_are_nbvals(notebook(untagged)))


@pytest.mark.parametrize("tag", ["nbval-skip", "nbval-ignore-output", "raises-exception"])
def test_a_marker_hidden_in_a_tag_is_caught(tag: str) -> None:
    assert list(markers_are_nbvals(notebook(code("1", 1, tags=[tag]))))


@pytest.mark.parametrize(
    "text",
    [
        "/home/ann/ghosts/notebooks",
        'File "/usr/lib/python3.11/asyncio/base_events.py"',
        "~/ghosts/data",
        r"C:\Users\ann",
        "/tmp/ipykernel_812/1.py",
        "lib/python3.11/site-packages/x.py",
        "listening on 127.0.0.1",
        "peer=('10.0.4.17', 5)",
        "http://localhost:8888",
        "[::1]",
        "port 40123",
        "port=40123",
        "anns-mac.local",
        "db.storage.internal",
        "my-storage.internal",
        "pid 4711",
        "{'pid': 4711}",
        "<Thread(Thread-5, started 140193)>",
        "<Thread(Thread-5, started daemon 140193212)>",
        "<Task object at 0x7f4d90106f10>",
    ],
)
@pytest.mark.parametrize("output", [stdout, html, lambda text: error("OSError", text)])
def test_a_trace_of_a_machine_is_caught(text: str, output: type) -> None:
    assert list(outputs_name_no_machine(notebook(code("x", 1, output(text)))))


def test_the_name_of_this_machine_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = notebook(code("x", 1, stdout("pusher on build-7 has 216")))
    assert not list(outputs_name_no_machine(shown))
    monkeypatch.setattr("socket.gethostname", lambda: "build-7")
    assert list(outputs_name_no_machine(shown))


@pytest.mark.parametrize("cell", [markdown, code])
def test_a_cell_longer_than_a_screen_is_caught(cell: type) -> None:
    assert not list(cells_are_short(notebook(cell("\n".join(["1"] * 30)))))
    assert list(cells_are_short(notebook(cell("\n".join(["1"] * 31)))))


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (picture(700), "alternative text is ''"),
        (picture(700, alt="A chart."), "'A chart.'"),
        (picture(701, alt="194 of 249 sessions never ended."), "701 pixels"),
    ],
)
def test_a_picture_that_cannot_be_read_at_once_or_in_words_is_caught(
    shown: NotebookNode, found: str
) -> None:
    (broken,) = pictures_are_described_and_fit_a_screen(notebook(code("lanes()", 1, shown)))
    assert found in broken
