"""Pictures of nodes, of the autoscaler and of the fleet show what the arithmetic gives."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from pictures import assert_legible, title
from small_day import COSTS, RESTARTED, SMALL

from fleet.autoscaler import decide
from fleet.day import simulate
from fleet.day.simulate import Plan
from fleet.day.trace import EventKind, Trace
from fleet.pods import Resources
from fleet.quantity import MIB
from fleet.values import BEFORE, FIRST_CUT, SECOND_CUT, load_pool, load_values
from ghosts import plots
from ghosts.plots import style

POOL = load_pool()
CHARTS = {
    name: load_values(*files)
    for name, files in (("before", BEFORE), ("first cut", FIRST_CUT), ("second cut", SECOND_CUT))
}
IN_USE = Resources(cpu=97, memory=564 * MIB)


@pytest.fixture(scope="module")
def days() -> dict[str, Trace]:
    scaling = CHARTS["before"].scaling
    target = replace(scaling.only, value=22.0)
    scaling = replace(scaling, fewest=4, most=6, targets=(target,))
    plan = Plan(
        day=SMALL,
        deployment=replace(CHARTS["before"], scaling=scaling),
        pool=replace(POOL, nodes=3),
        costs=COSTS,
    )
    restarted = replace(plan, day=RESTARTED)
    well = replace(plan, day=replace(SMALL, share=0))
    plans = {"bad": plan, "restarted": restarted, "well": well}
    return {name: simulate(each) for name, each in plans.items()}


@pytest.fixture(scope="module")
def pair(days: dict[str, Trace]) -> dict[str, Trace]:
    return {name: days[name] for name in ("bad", "well")}


@pytest.fixture(scope="module")
def side_by_side(pair: dict[str, Trace]) -> style.Figure:
    return plots.fleet_day(pair, room=ROOM, limit_mib=4608)


ROOM = {"bad": 6, "restarted": 6, "well": 9}


def packed() -> style.Figure:
    pods = {name: chart.resources for name, chart in CHARTS.items()}
    return plots.packed_node(POOL.node, pods, IN_USE)


def wanted() -> style.Figure:
    return plots.desired_pods(CHARTS["before"].scaling, 24, {"live": 21.4, "the gauge": 29.041})


def explanations() -> style.Figure:
    return plots.explained(2655.0, [("One", 10.0), ("Another", 311.0), ("182 ghosts", 2746.0)])


@pytest.mark.parametrize("draw", [packed, wanted, explanations])
def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(
    draw: Callable[[], style.Figure],
) -> None:
    assert_legible(draw())


@pytest.mark.slow
@pytest.mark.parametrize("names", [("bad",), ("bad", "well"), ("bad", "restarted")], ids=str)
def test_so_it_is_in_pictures_of_days(days: dict[str, Trace], names: tuple[str, ...]) -> None:
    chosen = {name: days[name] for name in names}
    assert_legible(plots.fleet_day(chosen, room=ROOM, limit_mib=4608))
    assert_legible(plots.ghosts_by_uptime(chosen, 10))
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
    assert title(ax) == "From 24 pods the next step up is 27; 26 is never desired"
    said = {text.get_text() for text in ax.texts}
    assert {"live 21.4: 20 pods", "the gauge 29.041: 24 pods"} <= said


def test_a_day_is_drawn_sample_for_sample(
    pair: dict[str, Trace], side_by_side: style.Figure
) -> None:
    for column, trace in enumerate(pair.values()):
        connections, pods, memory = side_by_side.axes[column::2]
        hours = [sample.t / 3600 for sample in trace.samples]
        largest = [max(pod.mib for pod in each.pods) for each in trace.samples]
        for ax, look, values in (
            (connections, style.GAUGE, [each.gauge for each in trace.samples]),
            (connections, style.TCP, [each.live for each in trace.samples]),
            (pods, style.PODS, [each.running for each in trace.samples]),
            (pods, style.STRAIGHTFORWARD, [each.desired for each in trace.samples]),
            (memory, style.MEMORY, largest),
        ):
            (line,) = (each for each in ax.lines if each.get_color() == look.color)
            assert [*zip(hours, values, strict=True)] == [
                (float(x), float(y)) for x, y in np.asarray(line.get_xydata())
            ]


def test_each_column_has_the_room_of_its_own_pool(side_by_side: style.Figure) -> None:
    for ax, room in zip(side_by_side.axes[2:4], (6, 9), strict=True):
        lines = [np.asarray(line.get_ydata()) for line in ax.lines]
        assert any(set(values.tolist()) == {room} for values in lines)
        assert f"room for {room}" in {text.get_text() for text in ax.texts}


def test_titles_of_a_day_say_what_was_the_most(
    pair: dict[str, Trace], side_by_side: style.Figure
) -> None:
    axes = side_by_side.axes
    bad = pair["bad"]
    assert bad.most_ghosts > 50
    assert title(axes[0]) == f"bad: {bad.most_ghosts:,} ghosts at most"
    assert title(axes[1]) == "well: no ghosts"
    assert f"{bad.most_desired} pods" in title(axes[2])
    assert (" Pending" in title(axes[2])) == (bad.most_pending > 0)
    assert title(axes[3]) == "desired: 4 pods"


def test_events_are_named_and_rollouts_and_restarts_marked_in_every_row(
    days: dict[str, Trace],
) -> None:
    trace = days["restarted"]
    rows = plots.fleet_day({"restarted": trace}, room=ROOM, limit_mib=4608).axes
    said = {text.get_text().replace("\n", " ") for text in rows[2].texts}
    assert {"all upload workers blocked", "liveness probe failed", "rollout"} <= said
    ((first, last),) = trace.rollouts
    (killed,) = (each.t for each in trace.events if each.kind is EventKind.KILLED)
    for ax in rows:
        shaded = [each for each in ax.patches if isinstance(each, Rectangle)]
        spans = [(each.get_x(), each.get_x() + each.get_width()) for each in shaded]
        assert any(np.allclose(span, (first / 3600, last / 3600)) for span in spans)
        starts = [float(np.asarray(line.get_xdata())[0]) for line in ax.lines]
        assert any(np.isclose(start, killed / 3600) for start in starts)
    well = plots.fleet_day({"well": days["well"]}, room=ROOM, limit_mib=4608).axes[2]
    assert len(well.texts) == 1


def test_more_than_two_days_are_refused(days: dict[str, Trace]) -> None:
    with pytest.raises(ValueError, match="one or two days; got 3"):
        plots.fleet_day(days, room=ROOM, limit_mib=4608)
    with pytest.raises(ValueError, match="one or two days; got 3"):
        plots.ghosts_by_uptime(days, 10)


def test_each_pod_is_a_point_at_its_uptime_in_hours_and_its_ghosts(days: dict[str, Trace]) -> None:
    chosen = {name: days[name] for name in ("bad", "restarted")}
    (ax,) = plots.ghosts_by_uptime(chosen, 10).axes
    for line, trace in zip(ax.lines, chosen.values(), strict=True):
        pods = trace.at(10).pods
        assert [(float(x), float(y)) for x, y in np.asarray(line.get_xydata())] == [
            (pod.uptime / 3600, pod.ghosts) for pod in pods
        ]
    assert ax.get_xlabel() == "uptime of the pod at hour 10 of the day (hours)"
    assert ax.get_ylabel() == "ghosts of the pod"


def test_the_title_of_ghosts_by_uptime_is_what_the_pods_show(days: dict[str, Trace]) -> None:
    def said(*names: str) -> str:
        (ax,) = plots.ghosts_by_uptime({name: days[name] for name in names}, 10).axes
        assert ax.get_title(loc="left").count("\n") < 2
        return title(ax)

    pods = [pod for name in ("bad", "restarted") for pod in days[name].at(10).pods]
    old = [pod.ghosts for pod in pods if pod.uptime == 36_000]
    young = [pod.ghosts for pod in pods if pod.uptime < 36_000]
    assert said("bad", "restarted") == (
        "Ghosts grow with a pod's uptime; a restart hides them: "
        f"{np.mean(old):.0f} on average after 10 hours, {np.mean(young):.0f} in younger pods"
    )
    assert said("well") == "No pod has a ghost, whatever its uptime"


def test_a_sweep_draws_the_most_of_each_day_and_stays_legible(days: dict[str, Trace]) -> None:
    rows = {"before": {0: days["well"], 1: days["bad"]}, "cut": {0: days["well"], 1: days["well"]}}
    figure = plots.fleet_sweep(rows, "bad pods")
    assert_legible(figure)
    running, ghosts = figure.axes
    (before,) = (line for line in ghosts.lines if line.get_color() == style.PODS.color)
    assert np.asarray(before.get_xydata()).tolist() == [[0, 0], [1, days["bad"].most_ghosts]]
    assert running.get_xlabel() == ghosts.get_xlabel() == "bad pods"
    assert title(ghosts) == f"Ghosts: before {days['bad'].most_ghosts:,}, cut 0"


def test_the_title_of_the_explanations_compares_the_best_of_the_earlier_with_the_ghosts() -> None:
    figure = explanations()
    assert "explain 12% at most, its ghosts 103%" in (figure.get_suptitle().replace("\n", " "))
    widths = [each.get_width() for each in figure.axes[0].patches if isinstance(each, Rectangle)]
    assert widths == [10.0, 311.0, 2746.0]
