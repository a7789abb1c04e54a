"""Both gauges of a replay through listen are drawn as its recording holds them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TypeAlias

import numpy as np
import pytest
from made_up_listen import DEAF, STUCK, deaf, drained, healthy, stuck, through_listen
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.text import Text
from pictures import assert_legible, title

from ghosts import plots
from ghosts.plots import style
from ghosts.records.recording import Recording

Recordings: TypeAlias = dict[str, Recording]
Picture: TypeAlias = Callable[..., style.Figure]


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    return {
        "healthy": through_listen("gather_all", healthy),
        "ghosts": through_listen("gather_all", deaf, DEAF),
        "supervised": through_listen("supervised", drained, DEAF),
        "storage": through_listen("gather_all", stuck, STUCK),
    }


PAIRS = [("ghosts", "supervised"), ("storage", "ghosts"), ("ghosts",)]


@pytest.fixture(scope="module")
def picture(recordings: Recordings) -> Picture:
    """Draws a picture once: a test that only reads it does not change it."""
    return cache(lambda *names: plots.both_gauges(*(recordings[name] for name in names)))


def drawn(ax: Axes, look: style.Look) -> list[tuple[float, int]]:
    (line,) = (line for line in ax.lines if line.get_color() == look.color)
    assert line.get_linestyle() == look.linestyle
    return [(float(x), int(y)) for x, y in np.asarray(line.get_xydata())]


@pytest.mark.parametrize("names", PAIRS)
def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(
    picture: Picture, names: tuple[str, ...]
) -> None:
    assert_legible(picture(*names))


@pytest.mark.slow
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open(recordings: Recordings) -> None:
    pair = recordings["storage"], recordings["ghosts"]
    first, second = (plots.both_gauges(*pair) for _ in range(2))
    assert first._repr_png_() == second._repr_png_()
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("names", PAIRS)
def test_rows_are_services_and_columns_are_recordings_sample_for_sample(
    recordings: Recordings, picture: Picture, names: tuple[str, ...]
) -> None:
    axes = picture(*names).axes
    assert len(axes) == 2 * len(names)
    for column, name in enumerate(names):
        samples = recordings[name].samples
        listen, pusher = axes[column], axes[len(names) + column]
        listening = [sample.listen for sample in samples if sample.listen]
        times = [sample.t for sample in samples]
        for ax, each in ((listen, listening), (pusher, samples)):
            assert drawn(ax, style.GAUGE) == [
                (t, one.gauge) for t, one in zip(times, each, strict=True)
            ]
            assert drawn(ax, style.TCP) == [
                (t, one.tcp) for t, one in zip(times, each, strict=True)
            ]
            said = {text.get_text() for text in ax.texts}
            assert {f"gauge {each[-1].gauge}", f"TCP {each[-1].tcp}"} <= said


def test_all_panels_share_their_axes_and_hold_what_is_drawn(picture: Picture) -> None:
    axes = picture("ghosts", "supervised").axes
    assert len({(*ax.get_xlim(), *ax.get_ylim()) for ax in axes}) == 1
    highest = max(float(np.max(line.get_ydata())) for ax in axes for line in ax.lines)
    assert axes[0].get_ylim()[1] > highest
    assert axes[0].get_ylim()[0] < 0


def test_a_title_states_what_its_panel_shows(recordings: Recordings, picture: Picture) -> None:
    def titles(*names: str) -> list[str]:
        return [title(ax) for ax in picture(*names).axes]

    last = recordings["ghosts"].last
    assert (last.gauge, last.tcp, last.listen and last.listen.tcp) == (6, 6, 1)
    assert titles("ghosts", "supervised") == [
        "gather_all listen: gauge 6, TCP 1: 5 ghosts",
        "supervised listen: gauge and TCP agree on 1",
        "pusher: gauge and TCP agree on 6, and 5 of them have no device",
        "pusher: gauge and TCP agree on 1",
    ]
    assert titles("storage")[0] == "gather_all listen: gauge and TCP agree on 1"
    assert titles("storage")[1].startswith("pusher: gauge 7, TCP 1")
    assert [*dict.fromkeys(titles("healthy"))] == [
        "gather_all listen: gauge and TCP agree on 1",
        "pusher: gauge and TCP agree on 1",
    ]


def test_one_without_a_device_takes_a_verb_in_the_singular(recordings: Recordings) -> None:
    ghosts = recordings["ghosts"]
    assert ghosts.last.listen is not None
    last = replace(ghosts.last, listen=replace(ghosts.last.listen, tcp=5))
    one = replace(ghosts, samples=(*ghosts.samples[:-1], last))
    assert title(plots.both_gauges(one).axes[1]).endswith("and 1 of them has no device")


def heights(ax: Axes, t: float) -> dict[str, tuple[float, float]]:
    """From where to where the pale and the hatched area reach at a sample."""
    found = {}
    for area in ax.collections:
        corners = np.asarray(area.get_paths()[0].vertices)
        ys = corners[corners[:, 0] == t][:, 1]
        hatch = area.get_hatch() or ""
        assert hatch in (style.GHOSTS.hatch, style.DRAINING.hatch)
        found["hatched" if hatch else "pale"] = (float(ys.min()), float(ys.max()))
    return found


def with_end(recording: Recording, listen: dict[str, int], pusher: dict[str, int]) -> Recording:
    """The recording with these counts of listen and of the pusher in its last sample."""
    assert recording.last.listen is not None
    last = replace(recording.last, listen=replace(recording.last.listen, **listen), **pusher)
    return replace(recording, samples=(*recording.samples[:-1], last))


def label(ax: Axes) -> str:
    (text,) = (each for each in ax.texts if "without" in each.get_text())
    return " ".join(text.get_text().split())


TWO_CONNECTED = {"gauge": 2, "tcp": 2, "ghosts": 0}


@pytest.mark.parametrize(
    ("listen", "pusher", "hatched", "said"),
    [
        (TWO_CONNECTED, (21, 2, 19), 19, "19 without a device: 19 ghosts"),
        (TWO_CONNECTED, (21, 2, 15), 15, "19 without a device: 15 ghosts, 4 draining"),
        (TWO_CONNECTED, (21, 2, 0), 0, "19 without a device: 19 draining"),
        (
            {"gauge": 21, "tcp": 2, "ghosts": 18},
            (21, 21, 0),
            18,
            "19 without a device: 18 ghosts of listen, 1 draining",
        ),
        (
            {"gauge": 12, "tcp": 2, "ghosts": 10},
            (21, 12, 8),
            18,
            "19 without a device: 8 ghosts, 10 ghosts of listen, 1 draining",
        ),
        ({"gauge": 3, "tcp": 3, "ghosts": 0}, (21, 2, 19), 19, "19 without a device: 19 ghosts"),
    ],
)
def test_a_panel_counts_the_ghosts_of_its_service_and_draining_sessions_are_pale(
    recordings: Recordings,
    listen: dict[str, int],
    pusher: tuple[int, int, int],
    hatched: int,
    said: str,
) -> None:
    gauge, tcp, ghosts = pusher
    counts = {"gauge": gauge, "tcp": tcp, "ghosts": ghosts}
    recording = with_end(recordings["storage"], listen, counts)
    figure = plots.both_gauges(recording)
    assert_legible(figure)
    ax = figure.axes[1]
    assert heights(ax, recording.last.t) == {
        "hatched": (gauge - hatched, gauge),
        "pale": (gauge - 19, gauge - hatched),
    }
    assert label(ax) == said
    if "ghosts" in title(ax):
        assert title(ax).endswith(f": {ghosts} ghosts")
        assert f": {ghosts} ghosts" in said


def test_sessions_that_a_ghost_of_listen_keeps_are_hatched_where_gauge_and_tcp_agree(
    recordings: Recordings, picture: Picture
) -> None:
    listen, pusher = picture("ghosts").axes
    last = recordings["ghosts"].last
    assert last.listen is not None
    ghosts = last.listen.ghosts
    for ax in (listen, pusher):
        assert heights(ax, last.t) == {"hatched": (6 - ghosts, 6), "pale": (1, 6 - ghosts)}
    assert (label(listen), label(pusher)) == (
        "5 without a device: 5 ghosts",
        "5 without a device: 5 ghosts of listen",
    )


def test_sessions_are_pale_before_they_are_ghosts(recordings: Recordings, picture: Picture) -> None:
    listen, pusher = picture("storage").axes
    samples = recordings["storage"].samples
    drains = [one for one in samples if one.gauge > one.tcp and not one.ghosts]
    assert drains
    for sample in drains:
        assert heights(pusher, sample.t)["hatched"] == (sample.gauge, sample.gauge)
    for sample in samples:
        own = sample.listen
        assert own is not None
        assert heights(listen, sample.t)["hatched"] == (own.gauge - own.ghosts, own.gauge)
        assert heights(pusher, sample.t)["hatched"] == (sample.gauge - sample.ghosts, sample.gauge)


@pytest.mark.parametrize("names", PAIRS)
def test_a_fault_is_shaded_in_every_panel_and_its_name_stays_clear_of_the_lines(
    recordings: Recordings, picture: Picture, names: tuple[str, ...]
) -> None:
    figure = picture(*names)
    figure.draw_without_rendering()
    for number, ax in enumerate(figure.axes):
        recording = recordings[names[number % len(names)]]
        spans = [(span.get_x(), span.get_x() + span.get_width()) for span in ax.patches]
        assert spans == [(fault.start, recording.last.t) for fault in recording.scenario.faults]
        highest = max(float(np.max(line.get_ydata())) for line in ax.lines)
        for text in ax.texts:
            if text.get_fontstyle() == "italic":
                box = Text.get_window_extent(text)
                assert box.x1 < ax.bbox.x1
                assert box.y0 > ax.transData.transform((0, highest))[1]


def test_a_replay_without_listen_has_no_second_gauge(recordings: Recordings) -> None:
    of = recordings["healthy"]
    straight = replace(of, samples=tuple(replace(one, listen=None) for one in of.samples))
    with pytest.raises(ValueError, match=r"healthy_twin, gather_all: .* not come through listen"):
        plots.both_gauges(recordings["healthy"], straight)


def test_there_are_one_or_two_recordings(recordings: Recordings) -> None:
    with pytest.raises(ValueError, match="one or two recordings; got 0"):
        plots.both_gauges()
    with pytest.raises(ValueError, match="one or two recordings; got 3"):
        plots.both_gauges(*[recordings["healthy"]] * 3)
