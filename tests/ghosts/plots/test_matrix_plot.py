"""What the map of the matrix shows is what its cells say."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.offsetbox import DrawingArea
from matplotlib.patches import Rectangle, StepPatch
from matplotlib.text import Text
from pictures import assert_legible

from ghosts import plots
from ghosts.matrix.catalogue import FAULTS
from ghosts.matrix.table import read_matrix
from ghosts.plots import style
from ghosts.records.cell import Cell, Harm
from ghosts.variants import VARIANTS

CLEAN = {
    "ghosts": 0,
    "orphans": 0,
    "gauge_error": 0,
    "seconds_to_clean": 0.0,
    "tasks_left": 0,
    "workers_blocked": 0,
    "lost_bytes": 0,
    "stored_twice_bytes": 0,
    "samples_lost": 0,
    "words_lost": 0,
    "loops_missing": 0,
    "cut_off": 0,
    "users_in_labels": 0,
}
WORST = {
    ".": {},
    "C": {"cut_off": 5},
    "W": {"workers_blocked": 3},
    "A": {"lost_bytes": 32_000},
    "L": {"ghosts": 3, "gauge_error": 3, "seconds_to_clean": None},
}
HARM = {".": Harm.NONE, "C": Harm.CUT_OFF, "W": Harm.WORK, "A": Harm.AUDIO, "L": Harm.LEAK}


def cell(variant: str, fault: str, **found: float | None) -> Cell:
    return Cell(variant=variant, fault=fault, **(CLEAN | found))


def cells(**rows: str) -> list[Cell]:
    """Cells of the variants so named, a letter a fault, fault by fault as `run_matrix` does."""
    width = len(next(iter(rows.values())))
    return [
        cell(variant, f"fault_{column}", **WORST[row[column]])
        for column in range(width)
        for variant, row in rows.items()
        if row[column] != " "
    ]


class Shown(NamedTuple):
    """A level as the key shows it."""

    color: str
    ink: str
    mark: str
    meaning: str


def key(ax: Axes) -> dict[Harm, Shown]:
    legend = ax.get_legend()
    assert legend is not None
    swatches = [box for box in legend.findobj(DrawingArea) if box.findobj(Rectangle)]
    meanings = [text.get_text() for text in legend.get_texts()]
    shown = {}
    for harm, box, meaning in zip(Harm, swatches, meanings, strict=False):
        (cell,), (mark,) = box.findobj(Rectangle), box.findobj(Text)
        color, ink = to_hex(cell.get_facecolor()), to_hex(mark.get_color())
        shown[harm] = Shown(color, ink, mark.get_text(), meaning)
    return shown


def colors(ax: Axes) -> list[list[str]]:
    """The colour of each cell, row by row; nothing where there is no cell."""
    (mesh,) = ax.collections
    harms = mesh.get_array()
    shades = mesh.get_cmap()(mesh.norm(harms)).reshape(*harms.shape, 4)
    return [
        ["" if masked else to_hex(shade) for shade, masked in zip(row, mask, strict=True)]
        for row, mask in zip(shades, np.ma.getmaskarray(harms), strict=True)
    ]


def marks(ax: Axes) -> dict[tuple[int, int], str]:
    """The mark of each cell by its row and column."""
    assert ax.yaxis_inverted()
    at = {text.get_position(): text.get_text() for text in ax.texts}
    return {(int(y), int(x)): mark for (x, y), mark in at.items()}


def frontiers(ax: Axes) -> dict[str, list[int]]:
    """For each line, at how many rows from the top it stands above each fault."""
    lines = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    by_style = {patch.get_linestyle(): patch for patch in lines}
    assert by_style["-"].get_linewidth() > by_style["--"].get_linewidth()
    names = {"leak": "-", "audio": "--"}
    return {name: list(by_style[style].get_data().values) for name, style in names.items()}


def finding(figure: style.Figure) -> str:
    return figure.get_suptitle().replace("\n", " ")


def lightness(color: str) -> float:
    return float(np.dot(to_rgb(color), [0.299, 0.587, 0.114]))


SETS = {
    "the stored matrix": read_matrix,
    "one variant": lambda: [one for one in read_matrix() if one.variant == "supervised"],
    "one fault": lambda: read_matrix()[: len(VARIANTS)],
    "one cell": lambda: read_matrix()[:1],
    "cells with gaps": lambda: cells(first="LA. C", second=" W.LA", third=".   L"),
}


@pytest.mark.parametrize("name", SETS)
def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(name: str) -> None:
    assert_legible(plots.matrix(SETS[name]()))


@pytest.mark.slow
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open() -> None:
    first, second = plots.matrix(read_matrix()), plots.matrix(read_matrix())
    assert first._repr_png_() == second._repr_png_()
    assert pyplot.get_fignums() == []


def test_variants_go_down_and_faults_to_the_right_in_order_of_first_appearance() -> None:
    (ax,) = plots.matrix(read_matrix()).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == list(VARIANTS)
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        fault.replace("_", " ") for fault in FAULTS
    ]
    (ax,) = plots.matrix(read_matrix()[::-1]).axes
    assert ax.get_yticklabels()[0].get_text() == "shipped"
    assert ax.get_xticklabels()[0].get_text() == "answer lost"


def test_each_stored_cell_has_the_colour_of_its_harm() -> None:
    stored = read_matrix()
    (ax,) = plots.matrix(stored).axes
    shown = colors(ax)
    for one in stored:
        row, column = list(VARIANTS).index(one.variant), FAULTS.index(one.fault)
        assert shown[row][column] == key(ax)[one.harm].color


def test_colour_and_mark_tell_the_five_harms_apart_and_a_missing_cell_stays_empty() -> None:
    (ax,) = plots.matrix(cells(first=".CWAL", second="L.   ")).axes
    levels = key(ax)
    assert colors(ax) == [
        [levels[harm].color for harm in Harm],
        [levels[Harm.LEAK].color, levels[Harm.NONE].color, "", "", ""],
    ]
    first_row = {(0, column): mark for column, mark in enumerate("·CWA3")}
    assert marks(ax) == first_row | {(1, 0): "3", (1, 1): "·"}


def test_the_worse_is_the_darker_and_marks_stand_out_from_their_cells() -> None:
    (ax,) = plots.matrix(read_matrix()).axes
    levels = [key(ax)[harm] for harm in Harm]
    for better, worse in itertools.pairwise(levels):
        assert lightness(better.color) - lightness(worse.color) > 0.08
    assert all(abs(lightness(one.color) - lightness(one.ink)) > 0.45 for one in levels)


@pytest.mark.parametrize(
    ("found", "mark"),
    [
        ({"ghosts": 18, "gauge_error": 18}, "18"),
        ({"orphans": 5}, "5"),
        ({"gauge_error": -3}, "3"),
        ({"ghosts": 2, "orphans": 7, "gauge_error": 2}, "7"),
        ({"seconds_to_clean": None}, "∞"),
    ],
)
def test_a_leak_is_marked_with_the_most_that_stays_or_as_endless(
    found: dict[str, float | None], mark: str
) -> None:
    (ax,) = plots.matrix([cell("gather_all", "device_silent", **found)]).axes
    assert marks(ax) == {(0, 0): mark}


def test_the_lines_stand_below_the_last_leak_and_the_last_lost_audio_of_each_fault() -> None:
    rows = {"first": "L.LAW", "second": "..L..", "third": ".AA..", "fourth": "L...."}
    (ax,) = plots.matrix(cells(**rows)).axes
    assert frontiers(ax) == {"leak": [4, 0, 2, 0, 0], "audio": [4, 3, 3, 1, 0]}


def test_in_the_stored_matrix_the_lines_move_down_to_the_version_that_ships() -> None:
    (ax,) = plots.matrix(read_matrix()).axes
    lines = {name: dict(zip(FAULTS, rows, strict=True)) for name, rows in frontiers(ax).items()}
    names = list(VARIANTS)
    assert lines["leak"]["storage_never_answers"] == 1
    assert names[int(lines["leak"]["early_return"])] == "gauge_in_try"
    assert names[int(lines["leak"]["cancellation_swallowed"])] == "shipped"
    assert names[int(lines["audio"]["storage_never_answers"])] == "shipped"
    assert max(lines["audio"].values()) == names.index("shipped")


def test_the_key_says_what_each_colour_mark_and_line_means() -> None:
    (ax,) = plots.matrix(cells(all=".CWAL")).axes
    assert {harm: (level.mark, level.meaning) for harm, level in key(ax).items()} == {
        Harm.NONE: ("·", "no harm"),
        Harm.CUT_OFF: ("C", "device cut off"),
        Harm.WORK: ("W", "work or metrics harmed"),
        Harm.AUDIO: ("A", "audio lost"),
        Harm.LEAK: ("3", "leak: that many stay"),
    }
    in_the_map = {text.get_text(): to_hex(text.get_color()) for text in ax.texts}
    assert in_the_map == {level.mark: level.ink for level in key(ax).values()}
    legend = ax.get_legend()
    assert legend is not None
    assert [line.get_linestyle() for line in legend.get_lines()] == ["-", "--"]
    assert [text.get_text() for text in legend.get_texts()][5:] == [
        "from here down no leak",
        "from here down no audio lost",
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"a": "LA", "b": "W."}, "2 variants, 2 faults: only b leaks nothing and loses no audio"),
        (
            {"a": "L", "b": ".", "c": "C"},
            "3 variants, 1 fault: only b and c leak nothing and lose no audio",
        ),
        (
            {"a": "A.", "b": "..", "c": "..", "d": ".."},
            "4 variants, 2 faults: 3 of them leak nothing and lose no audio",
        ),
        ({"a": "A.", "b": ".L"}, "2 variants, 2 faults: each of them leaks or loses audio"),
        ({"a": ".C", "b": "W."}, "2 variants, 2 faults: nothing leaks, and no audio is lost"),
        ({"mine": "LAA.W"}, "mine, 5 faults: leaks in 1, loses audio in 2"),
    ],
)
def test_the_title_states_the_finding_of_the_cells_that_were_given(
    rows: dict[str, str], said: str
) -> None:
    assert finding(plots.matrix(cells(**rows))) == said


def test_the_stored_matrix_says_that_only_the_version_to_ship_neither_leaks_nor_loses() -> None:
    assert finding(plots.matrix(read_matrix())) == (
        f"{len(VARIANTS)} variants, {len(FAULTS)} faults: "
        "only shipped leaks nothing and loses no audio"
    )


def test_audio_that_a_leaking_cell_loses_is_counted_in_the_title_of_one_variant() -> None:
    both = cell("mine", "storage_500", ghosts=1, lost_bytes=9)
    assert finding(plots.matrix([both])) == "mine, 1 fault: leaks in 1, loses audio in 1"


def test_no_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="no cells"):
        plots.matrix([])
