"""What the pictures of candidates and fleets show is what the verdicts and pods say."""

import pytest
from made_up_runs import pod
from matplotlib.patches import Rectangle
from pictures import assert_legible, words

from ghosts import plots
from ghosts.mechanisms import CANDIDATES, OBSERVATIONS, Answer, Verdict, plan_fleet, read_verdicts


def verdict(candidate: str, observation: str, answer: Answer) -> Verdict:
    return Verdict(
        candidate=candidate, observation=observation, answer=answer, number=1, unit="x", reason="y"
    )


def table(**rows: str) -> list[Verdict]:
    """Verdicts of candidates so named, a letter per observation: e, c or t (cannot tell)."""
    answers = {"e": Answer.EXPLAINS, "c": Answer.CONTRADICTS, "t": Answer.CANNOT_TELL}
    return [
        verdict(name, observation, answers[letter])
        for name, row in rows.items()
        for observation, letter in zip(OBSERVATIONS, row, strict=False)
    ]


def heading(figure) -> str:
    return " ".join(figure.get_suptitle().split())


def test_each_cell_has_the_colour_the_sign_and_the_word_of_its_answer() -> None:
    figure = plots.mechanism_table(table(a_x="ect", b_y="cte"))
    (ax,) = figure.axes
    cells = {p.get_xy(): p.get_facecolor() for p in ax.patches if isinstance(p, Rectangle)}
    said = [text.get_text().split("\n") for text in ax.texts]
    assert [word for _, word in said] == [
        "explains",
        "contradicts",
        "cannot tell",
        "contradicts",
        "cannot tell",
        "explains",
    ]
    assert len({sign for sign, _ in said}) == 3
    assert cells[0, 0] == cells[2, 1] != cells[1, 0] == cells[0, 1] != cells[2, 0] == cells[1, 1]


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ({"a_x": "ec", "b_y": "cc"}, "A contradicts the fewest observations: O2"),
        ({"a_x": "ec", "b_y": "ce"}, "A and B contradict the fewest observations: 1 of 2"),
        ({"b_30": "ec", "b_60": "ce"}, "B contradicts the fewest observations: 1 of 2"),
        ({"b_30": "ec", "b_60": "tc"}, "B contradicts the fewest observations: O2"),
        ({"a_x": "et", "b_y": "ce"}, "Nothing observed contradicts A"),
    ],
)
def test_the_title_names_the_candidate_that_contradicts_least(rows, title) -> None:
    assert title in heading(plots.mechanism_table(table(**rows)))


def test_the_stored_table_is_legible() -> None:
    figure = plots.mechanism_table(read_verdicts())
    assert_legible(figure)
    shown = " ".join(text.get_text() for text in words(figure))
    assert all(observation in shown for observation in OBSERVATIONS)
    assert all(f"{one.letter}: " in shown for one in CANDIDATES)


FLEETS = {
    "a_x": [
        pod(p.pod, p.connections, [p.connections * 4, p.connections * 9]) for p in plan_fleet()
    ],
    "c_z": [pod(p.pod, p.connections, [1, 2]) for p in plan_fleet()],
}


def test_bars_are_pods_with_most_ghosts_first_when_the_largest_is_as_on_record() -> None:
    figure = plots.replayed_fleet(FLEETS)
    assert_legible(figure)
    record, large, small = figure.axes
    assert [bar.get_height() for bar in record.patches[:1]] == [pytest.approx(167.6)]
    heights = [bar.get_height() for bar in large.patches[:24]]
    assert heights == sorted((p.connections * 9 for p in plan_fleet()), reverse=True)
    assert [bar.get_height() for bar in small.patches[:24]] == [2] * 24
    names = [label.get_text() for label in large.get_xticklabels()]
    assert names == [str(n) for n in sorted((p.connections for p in plan_fleet()), reverse=True)]
    others = sum(heights[1:])
    assert f"A\N{NO-BREAK SPACE}{others:,}, C\N{NO-BREAK SPACE}(no such pod)" in (
        figure.get_suptitle().replace("\n", " ")
    )


def test_pale_bars_go_on_to_the_end() -> None:
    growing = [pod(0, 22, [1, 170, 200]), pod(1, 22, [1, 90, 210])]
    ax = plots.replayed_fleet({"c_z": growing}).axes[1]
    assert [bar.get_height() for bar in ax.patches] == [170, 90, 30, 120]


@pytest.mark.parametrize(
    "draw", [lambda: plots.mechanism_table([]), lambda: plots.replayed_fleet({"a_x": []})]
)
def test_nothing_to_draw_is_an_error(draw) -> None:
    with pytest.raises(ValueError, match="to draw"):
        draw()
