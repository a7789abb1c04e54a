"""Pictures of nodes, of the autoscaler and of the fleet show what the arithmetic gives."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from pictures import assert_legible, title

from ghosts import plots
from ghosts.capacity import (
    BEFORE,
    FIRST_CUT,
    MIB,
    SECOND_CUT,
    Resources,
    decide,
    load_pool,
    load_values,
)
from ghosts.capacity.fleet import Costs, Day, Diary, Exhausted, Plan, Stall, simulate
from ghosts.plots import style

POOL = load_pool()
CHARTS = {
    name: load_values(*files)
    for name, files in (("before", BEFORE), ("first cut", FIRST_CUT), ("second cut", SECOND_CUT))
}
IN_USE = Resources(cpu=97, memory=564 * MIB)
COSTS = Costs(
    pod=450.0,
    healthy=0.5,
    stuck_per_minute=0.9,
    stuck_most=19.0,
    ghosts_per_departure=1.0,
    left_behind=0.0,
)
SMALL = Day(
    name="small",
    summary="Few connections",
    seed=1,
    connections=60,
    quietest=0.5,
    busiest_hour=12,
    stay=(900, 1100),
    storing=1.0,
    start_seconds=10,
    exhausted=(Exhausted(pod=0, hour=2),),
    stalls=(Stall(pod=0, hour=20, seconds=70),),
)


@pytest.fixture(scope="module")
def days() -> dict[str, Diary]:
    scaling = replace(CHARTS["before"].scaling, fewest=4, target=18.0)
    plan = Plan(
        day=SMALL,
        deployment=replace(CHARTS["before"], scaling=scaling),
        pool=replace(POOL, nodes=3),
        costs=COSTS,
    )
    well = replace(plan, day=replace(SMALL, exhausted=(), stalls=()))
    return {"bad": simulate(plan), "well": simulate(well)}


ROOM = {"bad": 6, "well": 9}


def packed() -> style.Figure:
    pods = {name: chart.resources for name, chart in CHARTS.items()}
    return plots.packed_node(POOL.node, pods, IN_USE)


def wanted() -> style.Figure:
    return plots.pods_wanted(CHARTS["before"].scaling, 24, {"live": 21.4, "the gauge": 29.041})


def explanations() -> style.Figure:
    return plots.explained(2655.0, [("One", 10.0), ("Another", 311.0), ("182 ghosts", 2746.0)])


@pytest.mark.parametrize("draw", [packed, wanted, explanations])
def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(
    draw: Callable[[], style.Figure],
) -> None:
    assert_legible(draw())


@pytest.mark.parametrize("names", [("bad",), ("bad", "well")])
def test_so_it_is_in_a_picture_of_days(days: dict[str, Diary], names: tuple[str, ...]) -> None:
    chosen = {name: days[name] for name in names}
    assert_legible(plots.fleet_day(chosen, room=ROOM, limit_mib=4608))
    assert pyplot.get_fignums() == []


def bars(ax: Axes, place: float) -> list[Rectangle]:
    found = [each for each in ax.patches if isinstance(each, Rectangle)]
    return [each for each in found if abs(each.get_y() + each.get_height() / 2 - place) < 1e-9]


def test_a_node_is_filled_with_the_pods_that_fit_and_what_is_left_stands_beside_it() -> None:
    (ax,) = packed().axes
    whole = POOL.node.allocatable
    places = [float(place) for place in ax.get_yticks()]
    for row, chart in enumerate(CHARTS.values()):
        fit = POOL.fit(chart.resources)
        for line, (amount, request, used) in enumerate(
            (
                (whole.cpu, chart.resources.requests.cpu, IN_USE.cpu),
                (whole.memory, chart.resources.requests.memory, IN_USE.memory),
            )
        ):
            drawn = bars(ax, places[2 * row + line])
            widths = [each.get_width() for each in drawn]
            assert sum(np.isclose(widths, 100 * request / amount)) == fit.per_node
            assert sum(np.isclose(widths, 100 * used / amount)) == fit.per_node
            assert max(each.get_x() + each.get_width() for each in drawn) <= 100
    said = [text.get_text() for text in ax.texts]
    assert [words for words in said if words.endswith("Mi left")] == [
        "3,146Mi left",
        "2,122Mi left",
        "74Mi left",
    ]
    assert title(ax) == "Pods that fit a node: before 2, first cut 4, second cut 4"


def test_the_stairs_are_the_autoscalers_and_have_no_step_to_25_or_26() -> None:
    (ax,) = wanted().axes
    (stairs,) = (line for line in ax.lines if line.get_color() == style.PODS.color)
    for mean, pods in np.asarray(stairs.get_xydata())[::50]:
        assert decide(CHARTS["before"].scaling, 24, float(mean)).replicas == pods
    assert {25.0, 26.0} & set(np.asarray(stairs.get_ydata()).tolist()) == set()
    assert title(ax) == "From 24 pods the next step up is 27, and 26 is never asked for"
    said = {text.get_text() for text in ax.texts}
    assert {"live 21.4: 20 pods", "the gauge 29.041: 24 pods"} <= said


def test_a_day_is_drawn_look_for_look(days: dict[str, Diary]) -> None:
    figure = plots.fleet_day(days, room=ROOM, limit_mib=4608)
    for column, diary in enumerate(days.values()):
        connections, pods, memory = figure.axes[column::2]
        hours = [look.t / 3600 for look in diary.looks]
        for ax, look, values in (
            (connections, style.GAUGE, [each.gauge for each in diary.looks]),
            (connections, style.TCP, [each.live for each in diary.looks]),
            (pods, style.PODS, [each.running for each in diary.looks]),
            (pods, style.STRAIGHTFORWARD, [each.asked for each in diary.looks]),
            (memory, style.MEMORY, [each.largest_mib for each in diary.looks]),
        ):
            (line,) = (each for each in ax.lines if each.get_color() == look.color)
            assert [*zip(hours, values, strict=True)] == [
                (float(x), float(y)) for x, y in np.asarray(line.get_xydata())
            ]


def test_each_column_has_the_room_of_its_own_pool(days: dict[str, Diary]) -> None:
    for ax, room in zip(
        plots.fleet_day(days, room=ROOM, limit_mib=4608).axes[2:4], (6, 9), strict=True
    ):
        lines = [np.asarray(line.get_ydata()) for line in ax.lines]
        assert any(set(values.tolist()) == {room} for values in lines)
        assert f"room for {room}" in {text.get_text() for text in ax.texts}


def test_titles_of_a_day_say_what_was_the_most(days: dict[str, Diary]) -> None:
    axes = plots.fleet_day(days, room=ROOM, limit_mib=4608).axes
    bad = days["bad"]
    assert bad.most_ghosts > 50
    assert title(axes[0]) == f"bad: {bad.most_ghosts} ghosts at most"
    assert title(axes[1]) == "well: no ghosts"
    assert f"{bad.most_asked} pods" in title(axes[2])
    assert (", of which" in title(axes[2])) == (bad.most_pending > 0)
    assert title(axes[3]) == "asked for: 4 pods"


def test_what_happened_to_a_pod_is_written_where_it_did(days: dict[str, Diary]) -> None:
    memory = plots.fleet_day({"bad": days["bad"]}, room=ROOM, limit_mib=4608).axes[2]
    said = {text.get_text().replace("\n", " ") for text in memory.texts}
    assert {"storage threads exhausted", "liveness probe failed"} <= said
    well = plots.fleet_day({"well": days["well"]}, room=ROOM, limit_mib=4608).axes[2]
    assert len(well.texts) == 1


def test_more_than_two_days_are_refused(days: dict[str, Diary]) -> None:
    with pytest.raises(ValueError, match="one or two days; got 3"):
        plots.fleet_day({**days, "third": days["bad"]}, room=ROOM, limit_mib=4608)


def test_a_sweep_draws_the_most_of_each_day_and_stays_legible(days: dict[str, Diary]) -> None:
    rows = {"before": {0: days["well"], 1: days["bad"]}, "cut": {0: days["well"], 1: days["well"]}}
    figure = plots.fleet_sweep(rows, "bad pods")
    assert_legible(figure)
    running, ghosts = figure.axes
    (before,) = (line for line in ghosts.lines if line.get_color() == style.PODS.color)
    assert np.asarray(before.get_xydata()).tolist() == [[0, 0], [1, days["bad"].most_ghosts]]
    assert running.get_xlabel() == ghosts.get_xlabel() == "bad pods"
    assert title(ghosts) == f"Ghosts: before {days['bad'].most_ghosts}, cut 0"


def test_the_title_of_the_explanations_compares_the_best_of_the_earlier_with_the_ghosts() -> None:
    figure = explanations()
    assert "explain 12% at most, its ghosts 103%" in (figure.get_suptitle().replace("\n", " "))
    widths = [each.get_width() for each in figure.axes[0].patches if isinstance(each, Rectangle)]
    assert widths == [10.0, 311.0, 2746.0]
