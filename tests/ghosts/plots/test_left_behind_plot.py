"""What the map of a check shows is what its cells say."""

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from pictures import assert_legible, title

from ghosts.plots import Tried, left_behind
from ghosts.plots.style import Figure

CLOSE, STOP = "devices close", "service told to stop"
FAULTS = ("nothing fails", "storage.internal never answers", "storage.internal garbage")
BEFORE = [
    Tried(FAULTS[0], CLOSE),
    Tried(FAULTS[0], STOP, stops=False),
    Tried(FAULTS[1], CLOSE, ghosts=5, gauge_error=5),
    Tried(FAULTS[2], CLOSE, gauge_error=1),
    Tried(FAULTS[1], STOP, ghosts=1, gauge_error=1, stops=False),
    Tried(FAULTS[2], STOP, gauge_error=-2),
]
AFTER = [Tried(each.fault, each.departure) for each in reversed(BEFORE)]


def shown(ax: Axes) -> list[list[str]]:
    """What is written in the cells of axes, row by row, from top to bottom."""
    rows: dict[float, dict[float, str]] = {}
    for text in ax.texts:
        x, y = text.get_position()
        rows.setdefault(y, {})[x] = text.get_text()
    return [[row[x] for x in sorted(row)] for _, row in sorted(rows.items())]


def colors(ax: Axes) -> dict[tuple[float, float], str]:
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return {box.get_xy(): to_hex(box.get_facecolor()) for box in boxes}


@pytest.fixture(scope="module")
def both() -> Figure:
    return left_behind({"app.py": BEFORE, "fixed_with_scope.py": AFTER})


def test_a_cell_says_what_is_left_behind_where_its_row_and_column_meet(both: Figure) -> None:
    before, after = both.axes
    assert [label.get_text() for label in before.get_xticklabels()] == [CLOSE, STOP]
    assert tuple(label.get_text() for label in before.get_yticklabels()) == FAULTS
    assert shown(before) == [
        ["nothing", "does not stop"],
        ["5 ghosts", "1 ghost,\ndoes not stop"],
        ["gauge 1 too high", "gauge 2 too low"],
    ]
    assert shown(after) == [["nothing", "nothing"]] * 3
    assert before.yaxis_inverted()


def test_the_worse_the_darker(both: Figure) -> None:
    painted = colors(both.axes[0])
    lightness = {place: sum(bytes.fromhex(color[1:])) for place, color in painted.items()}
    nothing, gauge, ghosts = lightness[0, 0], lightness[0, 2], lightness[0, 1]
    assert nothing > gauge > ghosts
    assert painted[1, 0] == painted[1, 1] == painted[0, 1]
    assert painted[1, 2] == painted[0, 2]
    assert set(colors(both.axes[1]).values()) == {painted[0, 0]}


def test_the_title_is_the_finding_and_the_alternative_text_has_each_cell(both: Figure) -> None:
    said = "app.py leaves something behind in 5 of 6 cells, fixed_with_scope.py in none"
    assert both.get_suptitle() == said
    assert [title(ax) for ax in both.axes] == ["app.py", "fixed_with_scope.py"]
    assert both.alt.startswith(f"{said}. ")
    assert "app.py, storage.internal never answers, devices close: 5 ghosts." in both.alt
    assert both.alt.count("fixed_with_scope.py") == 1
    assert "\n" not in both.alt


def test_a_notebook_gets_the_alternative_text_with_the_picture(both: Figure) -> None:
    data, metadata = both._repr_mimebundle_(include=None, exclude=None)
    assert data["image/png"] == both._repr_png_()
    assert metadata == {"image/png": {"alt": both.alt}}


@pytest.mark.parametrize("services", [{"app.py": BEFORE}, {"app.py": BEFORE, "fixed.py": AFTER}])
def test_it_is_legible(services: dict[str, list[Tried]]) -> None:
    assert_legible(left_behind(services))


def test_nothing_left_behind_by_the_only_service() -> None:
    figure = left_behind({"fixed.py": AFTER})
    assert figure.get_suptitle() == "fixed.py leaves something behind in none of 6 cells"
    assert not title(figure.axes[0])


@pytest.mark.parametrize(
    "services",
    [
        {},
        {"a": BEFORE, "b": BEFORE, "c": BEFORE},
        {"a": []},
        {"a": BEFORE, "b": AFTER[1:]},
        {"a": BEFORE, "b": []},
    ],
)
def test_services_that_cannot_be_compared_are_refused(services: dict[str, list[Tried]]) -> None:
    with pytest.raises(ValueError, match="should be"):
        left_behind(services)
