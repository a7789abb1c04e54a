"""Both gauges of a replay through listen are drawn as its recording holds them."""

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.text import Text
from pictures import assert_legible, title

from ghosts import plots
from ghosts.backends import Backend, Fault
from ghosts.plots import style
from ghosts.records.scenario import Through
from ghosts.replay import Recording, load_scenario, replay

Recordings: TypeAlias = dict[str, Recording]


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    few = replace(load_scenario("healthy_twin").fewer(40), through=Through.LISTEN)
    deaf = Fault(backend=Backend.SPEECH_TO_TEXT, mode="never_answers", start=900)
    stuck = Fault(backend=Backend.STORAGE, mode="never_answers", start=120)

    def record(lifecycle: str, *faults: Fault) -> Recording:
        return replay(replace(few, faults=faults), lifecycle, measure_memory=False)

    return {
        "healthy": record("gather_all"),
        "ghosts": record("gather_all", deaf),
        "supervised": record("supervised", deaf),
        "storage": record("gather_all", stuck),
    }


PAIRS = [("ghosts", "supervised"), ("healthy", "ghosts"), ("storage", "ghosts"), ("ghosts",)]


def picture(recordings: Recordings, names: tuple[str, ...]) -> style.Figure:
    return plots.both_gauges(*(recordings[name] for name in names))


def drawn(ax: Axes, look: style.Look) -> list[tuple[float, int]]:
    (line,) = (line for line in ax.lines if line.get_color() == look.color)
    assert line.get_linestyle() == look.linestyle
    return [(float(x), int(y)) for x, y in np.asarray(line.get_xydata())]


@pytest.mark.parametrize("names", PAIRS)
def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(
    recordings: Recordings, names: tuple[str, ...]
) -> None:
    assert_legible(picture(recordings, names))


@pytest.mark.parametrize("names", PAIRS)
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open(
    recordings: Recordings, names: tuple[str, ...]
) -> None:
    first, second = picture(recordings, names), picture(recordings, names)
    assert first._repr_png_() == second._repr_png_()
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("names", PAIRS)
def test_rows_are_services_and_columns_are_recordings_sample_for_sample(
    recordings: Recordings, names: tuple[str, ...]
) -> None:
    axes = picture(recordings, names).axes
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


def test_all_panels_share_their_axes_and_hold_what_is_drawn(recordings: Recordings) -> None:
    axes = picture(recordings, ("ghosts", "supervised")).axes
    assert len({(*ax.get_xlim(), *ax.get_ylim()) for ax in axes}) == 1
    highest = max(float(np.max(line.get_ydata())) for ax in axes for line in ax.lines)
    assert axes[0].get_ylim()[1] > highest
    assert axes[0].get_ylim()[0] < 0


def test_a_title_states_what_its_panel_shows(recordings: Recordings) -> None:
    def titles(*names: str) -> list[str]:
        return [title(ax) for ax in picture(recordings, names).axes]

    last = recordings["ghosts"].last
    assert (last.gauge, last.tcp, last.listen and last.listen.tcp) == (6, 6, 1)
    assert titles("ghosts", "supervised") == [
        "gather_all listen: gauge 6, TCP 1: 5 ghosts",
        "supervised listen: gauge and TCP agree on 1",
        "pusher: gauge and TCP agree on 6, and 5 of them serve nobody",
        "pusher: gauge and TCP agree on 1",
    ]
    assert titles("storage")[0] == "gather_all listen: gauge and TCP agree on 1"
    assert titles("storage")[1].startswith("pusher: gauge 7, TCP 1")
    assert [*dict.fromkeys(titles("healthy"))] == [
        "gather_all listen: gauge and TCP agree on 1",
        "pusher: gauge and TCP agree on 1",
    ]


def test_one_that_serves_nobody_is_spoken_of_as_one(recordings: Recordings) -> None:
    ghosts = recordings["ghosts"]
    assert ghosts.last.listen is not None
    last = replace(ghosts.last, listen=replace(ghosts.last.listen, tcp=5))
    one = replace(ghosts, samples=(*ghosts.samples[:-1], last))
    assert title(plots.both_gauges(one).axes[1]).endswith("and 1 of them serves nobody")


def test_sessions_without_a_device_are_hatched_also_where_gauge_and_tcp_agree(
    recordings: Recordings,
) -> None:
    for ax in picture(recordings, ("ghosts",)).axes:
        (area,) = ax.collections
        assert area.get_hatch() == style.GHOSTS.hatch
        corners = np.asarray(area.get_paths()[0].vertices)
        last = recordings["ghosts"].last
        at_the_end = corners[corners[:, 0] == last.t][:, 1]
        assert (at_the_end.min(), at_the_end.max()) == (1, 6)
        assert last.listen is not None
        ghosts = last.listen.ghosts
        said = f"  5 without\n  a device:\n  {ghosts} ghosts"
        said += f",\n  {5 - ghosts} draining" if ghosts < 5 else ""
        assert said in {text.get_text() for text in ax.texts}


@pytest.mark.parametrize("names", PAIRS)
def test_a_fault_is_shaded_in_every_panel_and_its_name_stays_clear_of_the_lines(
    recordings: Recordings, names: tuple[str, ...]
) -> None:
    figure = picture(recordings, names)
    figure.canvas.draw()
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
    straight = replay(load_scenario("healthy_twin").fewer(200), "gather_all", measure_memory=False)
    with pytest.raises(ValueError, match=r"healthy_twin, gather_all: .* not come through listen"):
        plots.both_gauges(recordings["healthy"], straight)


def test_there_are_one_or_two_recordings(recordings: Recordings) -> None:
    with pytest.raises(ValueError, match="one or two recordings; got 0"):
        plots.both_gauges()
    with pytest.raises(ValueError, match="one or two recordings; got 3"):
        plots.both_gauges(*[recordings["healthy"]] * 3)
