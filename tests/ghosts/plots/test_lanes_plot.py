"""The picture of all sessions shows each of them from its opening to its end, if it has one."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from long_incident import HOURS_3, long_incident, of_lanes, recorded, stored
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from pictures import assert_legible, title

from ghosts import plots
from ghosts.backends import Backend
from ghosts.paths import DATA
from ghosts.plots import Lane, lanes_of, style
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.recording import Event, Recording
from ghosts.records.scenario import Through

VARIANTS = ("gather_all", "supervised", "shipped")
EVERY_STATE = [
    Lane("stays", 0),
    Lane("ghost", 10, 100),
    Lane("drains on", 20, 900),
    Lane("ended", 30, 200, 231),
    Lane("ended late", 40, 300, 600),
    Lane("ended by the service", 50, None, 400),
]
SEEN_LATE = [
    Lane("ghost", 10, 105, left=100),
    Lane("drains on", 20, 905, left=900),
    Lane("ended", 30, 205, 231, left=200),
    Lane("ended before the check", 40, None, 302, left=300),
    Lane("left before the check", 50, left=998),
]


@pytest.fixture(scope="module")
def one() -> Recording:
    return recorded()


@pytest.fixture(scope="module")
def incidents(one: Recording) -> list[Recording]:
    return [long_incident(one, variant) for variant in VARIANTS]


def bars(ax: Axes) -> list[list[tuple[float, float, float]]]:
    """Of each state the bars: their row, and where they begin and end."""
    collections = [each for each in ax.collections if isinstance(each, PolyCollection)]
    found = []
    for collection in collections:
        corners = [np.asarray(path.vertices) for path in collection.get_paths()]
        found.append(
            [
                (float(np.floor(xy[:, 1].min())), float(xy[:, 0].min()), float(xy[:, 0].max()))
                for xy in corners
            ]
        )
    return found


def drawn(recording: Recording, lanes: Sequence[Lane], lasts: float = 1000) -> Axes:
    return plots.lanes(of_lanes(recording, lanes, lasts)).axes[0]


def said(ax: Axes) -> set[str]:
    return {text.get_text() for text in ax.texts}


def test_lanes_are_the_sessions_of_the_events_in_the_order_of_opening(one: Recording) -> None:
    shuffled = [EVERY_STATE[place] for place in (3, 1, 5, 0, 4, 2)]
    assert lanes_of(of_lanes(one, shuffled, 1000)) == EVERY_STATE
    assert lanes_of(of_lanes(one, SEEN_LATE, 1000)) == SEEN_LATE


def test_each_session_that_was_recorded_is_a_lane() -> None:
    recording = stored("gather_all")
    lanes = lanes_of(recording)
    opened = [event.t for event in recording.events if event.kind == "session_opened"]
    assert sorted(lane.opened for lane in lanes) == sorted(opened)
    assert sum(lane.ended is None for lane in lanes) == recording.last.gauge


@pytest.mark.parametrize(
    ("happened", "lanes"),
    [
        ("o1", [Lane("a", 1)]),
        ("o1 d2 c3 o4 d5 c6 o7", [Lane("a", 1, 2, 3), Lane("a", 4, 5, 6), Lane("a", 7)]),
        ("o1 c2 o3 c4", [Lane("a", 1, None, 2), Lane("a", 3, None, 4)]),
        ("o1 c2 d3", [Lane("a", 1, None, 2)]),
        ("o1 d2 o3 d4 c5", [Lane("a", 1, 2), Lane("a", 3, 4, 5)]),
        ("o1 d2 o3 c4", [Lane("a", 1, 2, 4), Lane("a", 3)]),
        ("o1 o2 d3", [Lane("a", 1, 3), Lane("a", 2)]),
        ("d1 c2", []),
        ("o1 l2 d3 c4 o5 l6", [Lane("a", 1, 3, 4, 2), Lane("a", 5, left=6)]),
        ("o1 l2 o3 d4 c5", [Lane("a", 1, 4, 5, 2), Lane("a", 3)]),
        ("o1 o2 l3 l4 d5 d6", [Lane("a", 1, 5, left=3), Lane("a", 2, 6, left=4)]),
        ("o1 l2 o3 c4", [Lane("a", 1, None, 4, 2), Lane("a", 3)]),
        ("o1 d2 l3 c4 l5", [Lane("a", 1, 2, 4)]),
    ],
)
def test_several_sessions_of_one_user_are_told_apart(
    one: Recording, happened: str, lanes: list[Lane]
) -> None:
    kinds = {
        "o": "session_opened",
        "l": "device_left",
        "d": "session_disconnected",
        "c": "session_closed",
    }
    events = [
        Event(t=float(step[1:]), kind=kinds[step[0]], who="a", detail="close")
        for step in happened.split()
    ]
    assert lanes_of(replace(one, events=tuple(events))) == lanes


@pytest.mark.parametrize(
    ("how", "times"),
    [("close", {"left": 2}), ("reset", {"left": 2}), ("vanish", {"vanished": 2}), ("silent", {})],
)
def test_a_device_disconnects_when_it_leaves_unless_it_leaves_its_connection_open(
    one: Recording, how: str, times: dict[str, float]
) -> None:
    events = (
        Event(t=1, kind="session_opened", who="a"),
        Event(t=2, kind="device_left", who="a", detail=how),
        Event(t=20, kind="session_disconnected", who="a"),
    )
    assert lanes_of(replace(one, events=events)) == [Lane("a", 1, 20, **times)]


def test_a_session_whose_device_has_vanished_is_half_open_until_that_is_noticed(
    one: Recording,
) -> None:
    lanes = [
        Lane("found", 10, 140, vanished=100),
        Lane("ended by the service", 20, None, 400, vanished=100),
        Lane("never found", 30, vanished=500),
    ]
    assert lanes_of(of_lanes(one, lanes, 1000)) == lanes
    picture = plots.lanes(of_lanes(one, lanes, 1000))
    connected, half_open, draining, ghosts = bars(picture.axes[0])
    assert connected == [(0, 10, 100), (1, 20, 100), (2, 30, 500)]
    assert half_open == [(0, 100, 140), (1, 100, 400), (2, 500, 1000)]
    assert (draining, ghosts) == ([(0, 140, 290)], [(0, 290, 1000)])
    assert "1 half-open" in said(picture.axes[0])
    assert title(picture.axes[0]) == "supervised: 1 of 3 sessions half-open at the end"
    (legend,) = picture.legends
    assert "half-open" in {text.get_text() for text in legend.get_texts()}
    assert_legible(picture)


def test_a_device_of_listen_does_not_disconnect_a_session_of_the_pusher(one: Recording) -> None:
    through = replace(one, scenario=replace(one.scenario, through=Through.LISTEN))
    lanes = [Lane("a", 1, 9, 12, left=2), Lane("b", 3, left=4)]
    assert lanes_of(of_lanes(through, lanes, 30)) == [Lane("a", 1, 9, 12), Lane("b", 3)]


def test_what_happens_after_the_last_sample_is_left_out(one: Recording) -> None:
    lanes = [Lane("a", 1, 2, 900), Lane("b", 1, 2, 900.5), Lane("c", 1, 950), Lane("d", 901)]
    assert lanes_of(of_lanes(one, lanes, 900)) == [*lanes[:1], Lane("b", 1, 2), Lane("c", 1)]


def test_events_of_other_kinds_are_no_sessions(one: Recording) -> None:
    events = (
        Event(t=1.0, kind="device_arrived", who="a"),
        Event(t=2.0, kind="listening_opened", who="a"),
        Event(t=3.0, kind="fault_began", who="storage"),
    )
    assert lanes_of(replace(one, events=events)) == []


def test_a_session_is_draining_for_150_s_and_a_ghost_from_then_on() -> None:
    lane = Lane("a", 10, 100)
    assert lane.connected(1000) == (10, 100)
    assert lane.draining(1000) == (100, 250)
    assert lane.ghost(1000) == (250, 1000)
    assert (lane.draining(250), lane.ghost(250)) == ((100, 250), None)
    assert (lane.draining(99), lane.ghost(99)) == (None, None)
    assert (lane.connected(99), lane.connected(5)) == ((10, 99), None)


def test_bars_reach_from_where_a_state_begins_to_where_it_ends(one: Recording) -> None:
    connected, draining, ghosts = bars(drawn(one, EVERY_STATE))
    assert connected == [
        (0, 0, 1000), (1, 10, 100), (2, 20, 900), (3, 30, 200), (4, 40, 300), (5, 50, 400),
    ]  # fmt: skip
    assert draining == [(1, 100, 250), (2, 900, 1000), (3, 200, 231), (4, 300, 450)]
    assert ghosts == [(1, 250, 1000), (4, 450, 600)]


def test_a_session_drains_from_when_its_device_left_and_is_a_ghost_when_a_sample_says_so(
    one: Recording,
) -> None:
    ax = drawn(one, SEEN_LATE)
    connected, draining, ghosts = bars(ax)
    assert connected == [(0, 10, 100), (1, 20, 900), (2, 30, 200), (3, 40, 300), (4, 50, 998)]
    assert draining == [
        (0, 100, 255), (1, 900, 1000), (2, 200, 231), (3, 300, 302), (4, 998, 1000),
    ]  # fmt: skip
    assert ghosts == [(0, 255, 1000)]
    assert {"2 draining", "1 ghost"} <= said(ax)


def test_the_stored_recordings_count_a_drain_from_when_the_device_left() -> None:
    stored = {
        name: Recording.load(DATA / f"recordings/production_full_{name}.json")
        for name in ("gather_all", "supervised")
    }
    before, after = plots.lanes(*stored.values()).axes[:2]
    assert title(before) == "gather_all: 194 of 249 sessions never ended after disconnect"
    assert title(after) == "supervised: every session ended within 30 s of disconnect"
    last = stored["gather_all"].last
    assert {f"{last.ghosts} ghosts", f"{last.tcp} connected"} == said(before) - {
        text for text in said(before) if "minute" in text
    }


def test_hundreds_of_sessions_are_three_collections_of_opaque_bars_on_whole_pixels(
    incidents: list[Recording],
) -> None:
    before, *_ = incidents
    ax = plots.lanes(before).axes[0]
    assert len(ax.collections) == 3
    assert len(bars(ax)[0]) == len(lanes_of(before)) > 250
    for collection in ax.collections:
        assert collection.get_snap()
        assert not np.any(collection.get_antialiased())
        assert collection.get_facecolor()[0][3] == 1


def test_states_have_the_colours_of_tcp_and_of_ghosts_and_only_ghosts_are_hatched(
    one: Recording,
) -> None:
    connected, draining, ghosts = drawn(one, EVERY_STATE).collections
    assert [each.get_hatch() or "" for each in (connected, draining, ghosts)] == ["", "", "//"]
    for collection, look in ((connected, style.TCP), (ghosts, style.GHOSTS)):
        tint = 1 - collection.get_facecolor()[0][:3]
        full = 1 - np.array(to_rgb(look.color))
        assert tint / full == pytest.approx(np.full(3, (tint / full)[0]))
    assert np.sum(draining.get_facecolor()[0]) > np.sum(ghosts.get_facecolor()[0])


def test_only_a_ghost_that_outlives_the_recording_ends_in_an_arrow(one: Recording) -> None:
    (arrows,) = (line for line in drawn(one, EVERY_STATE).lines if line.get_marker() == ">")
    assert list(arrows.get_xydata()[0]) == [1000, 1.5]
    assert len(arrows.get_xydata()) == 1
    assert not arrows.get_clip_on()
    ended = [lane for lane in EVERY_STATE if lane.uid != "ghost"]
    assert [line for line in drawn(one, ended).lines if line.get_marker() == ">"] == []


def test_arrows_stand_clear_of_each_other_however_many_ghosts_there_are(
    incidents: list[Recording],
) -> None:
    figure = plots.lanes(incidents[0])
    figure.draw_without_rendering()
    ax = figure.axes[0]
    (arrows,) = (line for line in ax.lines if line.get_marker() == ">")
    pixels = ax.transData.transform(arrows.get_xydata())[:, 1]
    assert len(pixels) > 10
    assert min(later - one for one, later in itertools.pairwise(pixels)) > 8


def test_what_there_is_at_the_end_is_counted_at_the_right(one: Recording) -> None:
    assert {"1 connected", "1 draining", "1 ghost"} <= said(drawn(one, EVERY_STATE))
    assert said(drawn(one, [Lane("a", 1, 2, 3)])) == set()


@pytest.mark.parametrize(
    ("lanes", "finding"),
    [
        ([], "no sessions"),
        ([Lane("a", 1)], "1 session, none disconnected"),
        (EVERY_STATE, "1 of 5 sessions never ended after disconnect"),
        ([Lane("a", 1, 2)], "1 of 1 session never ended after disconnect"),
        ([Lane("a", 1, 900)], "1 session draining"),
        ([Lane("a", 1, 20, 50.6)], "every session ended within 31 s of disconnect"),
        ([Lane("a", 1, 20, 51.0), Lane("b", 2)], "every session ended within 31 s of disconnect"),
        (
            [Lane("a", 1, 20, 24), Lane("b", 2, 30, 32), Lane("c", 3, 990)],
            "2 of 3 sessions ended within 4 s of disconnect",
        ),
        ([Lane("a", 1, 20, 320)], "every session ended within 300 s of disconnect"),
        ([Lane("a", 1, 25, 50, left=20)], "every session ended within 30 s of disconnect"),
        ([Lane("a", 1, None, 24, left=20)], "every session ended within 4 s of disconnect"),
        ([Lane("a", 1, left=999)], "1 session draining"),
    ],
)
def test_the_title_says_how_many_sessions_never_ended_or_how_soon_all_did(
    one: Recording, lanes: list[Lane], finding: str
) -> None:
    assert title(drawn(one, lanes)) == f"supervised: {finding}"


def test_titles_are_of_two_lines_at_most(incidents: list[Recording]) -> None:
    for columns in (1, 2, 3):
        for ax in plots.lanes(*incidents[:columns]).axes[:columns]:
            assert len(ax.get_title(loc="left").splitlines()) <= 2


def test_a_variant_that_is_there_twice_is_named_with_its_scenario(one: Recording) -> None:
    other = replace(one, scenario=replace(one.scenario, name="another"))
    first, second = plots.lanes(one, other).axes[:2]
    assert title(first).startswith("supervised in small: ")
    assert title(second).startswith("supervised in another: ")


def test_below_are_gauge_and_tcp_and_the_blocked_workers_on_the_same_axis_of_time(
    incidents: list[Recording],
) -> None:
    axes = plots.lanes(*incidents).axes
    assert len(axes) == 9
    assert {ax.get_xlim() for ax in axes} == {(0, HOURS_3)}
    for row in range(3):
        assert len({ax.get_ylim() for ax in axes[3 * row : 3 * row + 3]}) == 1
    for column, recording in enumerate(incidents):
        samples = recording.samples
        gauge, tcp = axes[3 + column].lines[:2]
        assert list(gauge.get_ydata()) == [sample.gauge for sample in samples]
        assert list(tcp.get_ydata()) == [sample.tcp for sample in samples]
        assert (gauge.get_color(), tcp.get_color()) == (style.GAUGE.color, style.TCP.color)
        (blocked,) = (
            line for line in axes[6 + column].lines if line.get_color() == style.BLOCKED.color
        )
        assert list(blocked.get_xdata()) == [sample.t for sample in samples]
        assert list(blocked.get_ydata()) == [sample.workers_blocked for sample in samples]
        assert axes[6 + column].get_xlabel() == "simulated time (minutes)"
    assert axes[0].get_ylabel() == "sessions, in order\nof opening"
    assert [ax.get_ylabel() for ax in axes[1:3]] == ["", ""]


def test_the_line_of_all_workers_blocked_goes_through_all_rows_of_its_column(
    incidents: list[Recording],
) -> None:
    axes = plots.lanes(*incidents).axes
    for ax in (*axes[0::3], *axes[1::3]):
        marks = [line for line in ax.lines if list(line.get_xdata()) == [58 * 60] * 2]
        assert len(marks) == 1
    for ax in axes[2::3]:
        assert [line for line in ax.lines if list(line.get_xdata()) == [58 * 60] * 2] == []
    words = [text.replace("\n", " ") for text in said(axes[0])]
    assert "minute 58: all 16 workers blocked" in words
    assert not any("minute" in text for text in said(axes[2]))


def test_of_faults_only_one_of_all_calls_is_shaded(one: Recording) -> None:
    outage = Fault(backend=Backend.STORAGE, mode=FaultMode.NEVER_ANSWERS, start=100.0)
    for fault, shaded in ((outage, 1), (replace(outage, share=0.01), 0)):
        scenario = replace(one.scenario, duration=1000, faults=(fault,))
        figure = plots.lanes(of_lanes(replace(one, scenario=scenario), EVERY_STATE, 1000))
        _, connections, _ = figure.axes
        assert len(connections.patches) == shaded


def test_the_states_are_explained_once_without_a_box(incidents: list[Recording]) -> None:
    (legend,) = plots.lanes(*incidents).legends
    assert not legend.get_frame_on()
    assert [text.get_text() for text in legend.get_texts()] == [
        "connected",
        "draining: disconnected for up to 150 s",
        "ghost: disconnected for over 150 s",
    ]


def test_a_screen_shows_all_of_it_and_every_word_is_clear_of_the_others(
    one: Recording, incidents: list[Recording]
) -> None:
    few = of_lanes(one, EVERY_STATE, 1000, workers_blocked=16)
    none = of_lanes(one, [], 1000)
    early = long_incident(one, "gather_all")
    late = replace(
        early,
        samples=tuple(
            replace(sample, workers_blocked=16 if sample.t > 9000 else 3)
            for sample in early.samples
        ),
    )
    for recordings in (incidents[:1], incidents, [none, few], [late] * 2):
        figure = plots.lanes(*recordings)
        assert figure.get_figheight() <= 7.5
        assert_legible(figure)


@pytest.mark.slow
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open(
    incidents: list[Recording],
) -> None:
    first, second = (plots.lanes(*incidents) for _ in range(2))
    assert first._repr_png_() == second._repr_png_()
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("number", [0, 4])
def test_there_are_one_to_three_recordings(one: Recording, number: int) -> None:
    with pytest.raises(ValueError, match=rf"^should be one to three recordings; got {number}$"):
        plots.lanes(*[one] * number)
