"""The pictures of alerts: what is drawn, and when the alert fires."""

import math
from dataclasses import replace

import pytest
from every_picture import full
from matplotlib.axes import Axes

from ghosts import plots
from ghosts.alerts import Alert, evaluate_rules, load_rules, panels, recorded
from ghosts.plots.style import GAUGE, GHOSTS, TCP


def marks(ax: Axes) -> list[float]:
    """The seconds of what is drawn from top to bottom."""
    lines = [[*map(float, line.get_xdata())] for line in ax.lines]
    return [xs[0] for xs in lines if len(xs) == 2 and xs[0] == xs[1]]


@pytest.fixture(scope="module")
def page() -> Alert:
    (page,) = evaluate_rules(load_rules(), recorded(full()[0])).fired()
    return page


def test_the_alert_is_marked_when_it_fires_with_the_ghosts_by_then(page: Alert) -> None:
    drawn = plots.alert_in_time(full()[0], page)
    (ax,) = drawn.axes
    assert marks(ax) == [page.fired_at]
    sample = next(each for each in full()[0].samples if each.t >= page.fired_at)
    assert f"{sample.ghosts} ghosts by then" in drawn.alt
    assert f"with {sample.ghosts} ghosts, 2.6 hours before the gauge reads 216" in drawn.alt


def test_an_alert_that_did_not_fire_is_not_drawn(page: Alert) -> None:
    pending = replace(page, fired_at=None)
    with pytest.raises(ValueError, match="GhostConnections did not fire"):
        plots.alert_in_time(full()[0], pending)


def test_a_panel_has_the_lines_the_colours_and_the_names_of_the_dashboard(page: Alert) -> None:
    evaluated = evaluate_rules(load_rules(), recorded(full()[0]))
    drawn = plots.dashboard(panels(evaluated.series), [page])
    pusher, ghosts, _ = drawn.axes
    assert [line.get_color() for line in pusher.lines[:2]] == [GAUGE.color, TCP.color]
    assert ghosts.lines[0].get_color() == GHOSTS.color
    last = full()[0].last
    values = [float(line.get_ydata()[-1]) for line in (*pusher.lines[:2], ghosts.lines[0])]
    assert values == [last.gauge, last.tcp, last.gauge - last.tcp]
    assert [marks(ax) for ax in (pusher, ghosts)] == [[page.fired_at]] * 2
    assert "gauge pusher-1: 216, TCP pusher-1: 22" in drawn.alt


def test_a_panel_without_a_value_at_some_time_has_a_gap_there() -> None:
    series = recorded(full()[0])
    (gauge,) = series.series(["pusher_active_ws_connections"])
    series.add(gauge, series.until + 30, None)
    series.add(gauge, series.until + 60, 7)
    shown = panels(series)[0].lines[0]
    assert math.isnan(shown.values[-3])
    assert shown.values[-1] == 7


def test_no_more_panels_are_drawn_than_fit_a_screen() -> None:
    evaluated = evaluate_rules(load_rules(), recorded(full()[0]))
    with pytest.raises(ValueError, match="should be one to 3 panels; got 6"):
        plots.dashboard(panels(evaluated.series) * 2)
