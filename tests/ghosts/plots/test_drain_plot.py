"""The picture of how long sessions outlive their devices shows what recordings and record say."""

import math
from dataclasses import replace

import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from pictures import assert_legible

from ghosts import evidence, plots
from ghosts.config import BG_DRAIN_TIMEOUT
from ghosts.paths import DATA
from ghosts.plots import style
from ghosts.records.recording import Event, Recording

NEVER = math.inf
PUBLISHED = evidence.deploy_check("drain duration", 0.25)


@pytest.fixture(scope="module")
def stored() -> list[Recording]:
    return [
        Recording.load(DATA / "recordings" / f"production_full_{variant}.json")
        for variant in ("gather_all", "supervised")
    ]


def lasting(recording: Recording, variant: str, *durations: float) -> Recording:
    """A recording in which sessions take so long after their devices leave, a second apart."""
    left = [
        Event(t=100.0 + number, kind="device_left", who=f"device-{number}")
        for number in range(len(durations))
    ]
    closed = [
        replace(event, t=event.t + seconds, kind="session_closed")
        for event, seconds in zip(left, durations, strict=True)
        if seconds < NEVER
    ]
    return replace(recording, variant=variant, events=(*left, *closed))


def points(ax: Axes) -> list[Line2D]:
    """The rows of points, without the lines across the axes."""
    return [line for line in ax.lines if line.get_linestyle() == "None"]


def finding(figure: style.Figure) -> str:
    return figure.get_suptitle().replace("\n", " ")


def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(
    stored: list[Recording],
) -> None:
    before, _ = stored
    some = lasting(before, "first_completed", 0, 4, 68, NEVER)
    slow = lasting(before, "samples_at_shutdown", 115, 300, 299)
    for recordings in ([before], stored, [*stored, some], [some, slow], [*stored, some, slow]):
        assert_legible(plots.drain_durations(recordings, PUBLISHED))


@pytest.mark.slow
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open(stored: list[Recording]) -> None:
    first, second = (plots.drain_durations(stored, PUBLISHED) for _ in range(2))
    assert first._repr_png_() == second._repr_png_()
    assert pyplot.get_fignums() == []


def test_each_session_is_a_point_at_its_seconds_in_the_row_of_its_recording(
    stored: list[Recording],
) -> None:
    first = lasting(stored[0], "gather_all", 12.5, 3.0, 3.0, 20.0)
    second = lasting(stored[0], "shipped", 0.0, 0.0)
    (ax,) = plots.drain_durations([first, second], PUBLISHED).axes
    above, below = points(ax)
    assert list(above.get_xdata()) == [12.5, 3.0, 3.0, 20.0]
    assert list(below.get_xdata()) == [0.0, 0.0]
    assert ax.yaxis_inverted()
    assert max(above.get_ydata()) < 0.5 < min(below.get_ydata())
    assert (above.get_ydata()[0], above.get_ydata()[3]) == (0, 0)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "gather_all\n4 sessions",
        "shipped\n2 sessions",
    ]


def test_points_at_equal_seconds_do_not_hide_each_other_and_stay_in_their_row(
    stored: list[Recording],
) -> None:
    (ax,) = plots.drain_durations(stored, PUBLISHED).axes
    ended, never, after = points(ax)
    for row, lines in enumerate(([ended, never], [after])):
        drawn = [(round(x, 3), y) for line in lines for x, y in zip(*line.get_data(), strict=True)]
        assert len(drawn) == len(set(drawn)) == 249
        assert all(abs(y - row) < 0.4 for _, y in drawn)


def test_sessions_that_do_not_end_stand_beyond_the_scale_at_never_with_their_count(
    stored: list[Recording],
) -> None:
    some = lasting(stored[0], "gather_all", 2.0, NEVER, NEVER)
    figure = plots.drain_durations([some, stored[1]], PUBLISHED)
    (ax,) = figure.axes
    ended, never, after = points(ax)
    assert list(ended.get_xdata()) == [2.0]
    assert (ended.get_color(), never.get_color()) == (style.GAUGE.color, style.GHOSTS.color)
    figure.draw_without_rendering()
    at = dict(
        zip((label.get_text() for label in ax.get_xticklabels()), ax.get_xticks(), strict=True)
    )
    assert set(never.get_xdata()) == {at.pop("never")}
    assert min(never.get_xdata()) > max(at.values())
    assert min(never.get_xdata()) > max(after.get_xdata())
    (said,) = (text for text in ax.texts if "sessions" in text.get_text())
    assert said.get_text().strip() == "2 sessions"


def test_the_band_is_what_production_measured_and_the_line_is_the_bound_of_a_drain(
    stored: list[Recording],
) -> None:
    (ax,) = plots.drain_durations(stored, PUBLISHED).axes
    (band,) = ax.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (3.6, 5.0)
    across = [line for line in ax.lines if line.get_linestyle() != "None"]
    assert [line.get_xdata()[0] for line in across] == [3.6, 5.0, BG_DRAIN_TIMEOUT]
    said = {text.get_text() for text in ax.texts}
    assert {"drains of the deployed fix, measured: 3.6 to 5.0 s", "bound of a drain: 30 s"} <= said

    other = replace(PUBLISHED, low=1.0, high=2.0)
    figure = plots.drain_durations(stored, other)
    (band,) = figure.axes[0].patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (1.0, 2.0)
    assert "(1.0 to 2.0 s as deployed)" in finding(figure)


def test_the_scale_is_in_seconds_and_reaches_beyond_the_bound_and_the_slowest(
    stored: list[Recording],
) -> None:
    for slowest in (0.0, 300.0):
        recording = lasting(stored[0], "shipped", slowest)
        (ax,) = plots.drain_durations([recording], PUBLISHED).axes
        assert "seconds" in ax.get_xlabel()
        assert ax.get_xscale() == "linear"
        assert ax.get_xlim()[1] > max(slowest, BG_DRAIN_TIMEOUT)


def test_the_title_states_in_two_lines_where_sessions_never_end_and_how_long_others_take(
    stored: list[Recording],
) -> None:
    some = lasting(stored[0], "first_completed", 0.0, 4.0, NEVER)
    range_ = lasting(stored[0], "shipped", 0.0, 4.2, 2.0)
    all_of_them = lasting(stored[0], "gather_all", NEVER, NEVER)
    alike = lasting(stored[0], "supervised", 30, 30)
    for recordings, said in (
        (
            stored,
            "Sessions that never end: 194 of 249 under gather_all; all end within 30 s under "
            "supervised (3.6 to 5.0 s as deployed)",
        ),
        (
            [all_of_them, alike, some, range_],
            "Sessions that never end: all under gather_all, 1 of 3 under first_completed; all end "
            "within 30 s under supervised and shipped (3.6 to 5.0 s as deployed)",
        ),
        ([range_], "All sessions end within 4.2 s (3.6 to 5.0 s as deployed)"),
    ):
        figure = plots.drain_durations(recordings, PUBLISHED)
        assert finding(figure) == said
        assert len(figure.get_suptitle().splitlines()) <= 2


def test_two_recordings_of_one_variant_are_told_apart_by_their_scenarios(
    stored: list[Recording],
) -> None:
    before, _ = stored
    other = replace(before, scenario=replace(before.scenario, name="healthy_twin"))
    (ax,) = plots.drain_durations([before, lasting(other, "gather_all", 4)], PUBLISHED).axes
    assert [label.get_text().splitlines()[0] for label in ax.get_yticklabels()] == [
        "gather_all in production",
        "gather_all in healthy_twin",
    ]


def test_a_recording_that_no_device_leaves_is_refused(stored: list[Recording]) -> None:
    with pytest.raises(ValueError, match="no device leaves in the recording of shipped"):
        plots.drain_durations([stored[0], lasting(stored[0], "shipped")], PUBLISHED)
