import itertools
import re

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb
from matplotlib.text import Annotation, Text
from pictures import assert_legible, title

from ghosts import evidence, plots
from ghosts.plots import fault_names, style

PICTURES = {
    "pods": lambda: plots.pods(evidence.pods()),
    "memory_fit": lambda: plots.memory_fit(evidence.pods()),
    "regressors": lambda: plots.regressors(evidence.pods(), evidence.ordinary_pods()),
    "chunks_held": lambda: plots.chunks_held(
        [evidence.chunk_queue(8000), evidence.chunk_queue(16_000)], evidence.fit(evidence.pods())
    ),
    "clustering": lambda: plots.clustering(evidence.facts("fleet")),
    "diagnoses": lambda: plots.diagnoses(evidence.diagnoses()),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(name: str) -> None:
    assert_legible(PICTURES[name]())


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open(name: str) -> None:
    first, second = PICTURES[name](), PICTURES[name]()
    assert first._repr_png_() == second._repr_png_()
    assert repr(first) == repr(second)
    assert pyplot.get_fignums() == []


def test_pods_show_the_ghosts_between_tcp_and_gauge() -> None:
    pods = sorted(evidence.pods(), key=lambda pod: pod.gauge)
    (ax,) = plots.pods(pods).axes
    tcp, ghosts = ax.containers
    assert [bar.get_width() for bar in tcp] == [pod.tcp for pod in pods]
    assert [bar.get_x() for bar in ghosts] == [pod.tcp for pod in pods]
    assert [bar.get_x() + bar.get_width() for bar in ghosts] == [pod.gauge for pod in pods]
    (gauge,) = ax.lines
    assert list(gauge.get_xdata()) == [pod.gauge for pod in pods]
    assert gauge.get_color() == style.GAUGE.color


def test_the_pods_title_counts_the_pods_that_it_was_given() -> None:
    one = [pod for pod in evidence.pods() if pod.pod == "mhjxw"]
    (ax,) = plots.pods(one).axes
    assert title(ax) == "216 connections on the gauges, 22 in the kernel: 194 are ghosts"


def test_memory_fit_draws_the_line_the_lines_without_one_pod_and_the_pods() -> None:
    pods = evidence.with_memory(evidence.pods())
    line = evidence.fit(pods)
    (ax,) = plots.memory_fit(pods).axes
    *fan, drawn, points = ax.lines
    assert [float(y) for y in drawn.get_ydata()] == [line.predict(x) for x in drawn.get_xdata()]
    assert [one.get_ydata()[0] for one in fan] == [
        without.fit.intercept for without in evidence.leave_one_out(pods)
    ]
    assert list(points.get_xdata()) == [pod.ghosts for pod in pods]
    assert list(points.get_ydata()) == [pod.memory_mib for pod in pods]
    names = {text.get_text() for text in ax.texts}
    assert {"qnxrh +224", "p9j42 \N{MINUS SIGN}146", "11.8 without p9j42"} <= names
    assert "14.1 MiB, standard error 1.2" in title(ax)
    assert "5 pods" in title(ax)


def test_regressors_shows_both_lines_miss_the_pods_of_may_on_shared_axes() -> None:
    pods, ordinary = evidence.pods(), evidence.ordinary_pods()
    ghosts, gauge = plots.regressors(pods, ordinary).axes
    assert ghosts.get_ylim() == gauge.get_ylim()
    assert title(ghosts) == "On ghosts: R² 0.980, but 200 MiB too high in May"
    assert title(gauge) == "On the gauge: R² 0.994, but 317 MiB too high in May"
    for ax, at in ((ghosts, 0), (gauge, ordinary.live_connections)):
        diamond = ax.lines[-1]
        assert (diamond.get_xdata()[0], diamond.get_ydata()[0]) == (at, ordinary.memory_mib)


def test_chunks_held_climbs_by_chunks_to_the_full_queue() -> None:
    queue, line = evidence.chunk_queue(), evidence.fit(evidence.pods())
    (ax,) = plots.chunks_held([queue], line).axes
    steps, ghost = ax.lines[0], ax.lines[-1]
    held = list(steps.get_ydata())
    assert held[:3] == [0, queue.chunk_mib, 2 * queue.chunk_mib]
    assert held[20] == held[-1] == queue.limit_mib
    assert set(ghost.get_ydata()) == {line.slope}
    assert "15 minutes at 8 kHz" in {text.get_text() for text in ax.texts}


def test_clustering_weighs_the_largest_pod_against_all_others() -> None:
    (ax,) = plots.clustering(evidence.facts("fleet")).axes
    (bars,) = ax.containers
    rest, largest = (bar.get_width() for bar in bars)
    assert largest == evidence.fact("largest_pod_ghosts").value
    assert rest + largest == pytest.approx(evidence.fact("fleet_ghosts").value)
    assert title(ax).startswith("168 ghosts in one pod, 15 in the other 23")


def test_the_diagnoses_stand_from_their_date_to_their_verdict_and_say_what_ended_them() -> None:
    diagnoses = evidence.diagnoses()
    (ax,) = plots.diagnoses(diagnoses).axes
    said = " ".join(text.get_text() for text in ax.texts).replace("\n", " ")
    bars = [container.patches[0] for container in ax.containers]
    for one, bar in zip(diagnoses, bars, strict=True):
        assert bar.get_x() == one.date.toordinal()
        assert one.because in said
        if one.verdict_date > one.date:
            assert bar.get_x() + bar.get_width() == one.verdict_date.toordinal()
    names = [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()]
    assert names == [one.diagnosis for one in diagnoses]
    assert title(ax) == "5 of 7 diagnoses were refuted before one held"


# The visual language


def test_each_thing_differs_from_every_other_in_colour_and_in_a_grey_print() -> None:
    looks = [style.GAUGE, style.TCP, style.GHOSTS, style.MEMORY, style.LOST, style.STORED]
    looks.append(style.WORKERS)
    assert len({look.color for look in looks}) == len(looks)
    for one, other in itertools.combinations(looks, 2):
        greys = [np.dot(to_rgb(look.color), [0.299, 0.587, 0.114]) for look in (one, other)]
        drawn = [(look.linestyle, look.linewidth, look.hatch) for look in (one, other)]
        assert abs(greys[0] - greys[1]) > 0.1 or drawn[0] != drawn[1]


def test_names_of_lines_that_end_together_are_kept_apart_and_lone_ones_stay_at_their_line() -> None:
    figure, (ax,) = style.figure()
    ax.set(xlim=(0, 1), ylim=(0, 100))
    ends = [50, 50.5, 51, 90]
    labels = [
        style.label_line_end(ax, ax.plot([0, 1], [0, end])[0], f"line to {end}") for end in ends
    ]
    figure.draw_without_rendering()
    boxes = sorted((Text.get_window_extent(label) for label in labels), key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 for below, above in itertools.pairwise(boxes))
    assert [label.get_text() for label in sorted(labels, key=middle)] == [
        f"line to {end}" for end in ends
    ]
    assert labels[-1].get_position() == pytest.approx((8, 0))


def middle(label: Annotation) -> float:
    box = Text.get_window_extent(label)
    return float(box.y0 + box.y1) / 2


def test_a_fault_is_shaded_for_as_long_as_it_lasts_and_a_second_name_stays_clear() -> None:
    figure, (ax,) = style.figure()
    ax.set(xlim=(0, 1200), ylim=(0, 1))
    fault_names.shade_fault(ax, 300, 1200, "storage never answers")
    fault_names.shade_fault(ax, 400, 500, "webhook trickles")
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches]
    assert spans == [(300, 1200), (400, 500)]
    fault_names.settle_fault_names(figure)
    figure.draw_without_rendering()
    first, second = (Text.get_window_extent(text) for text in ax.texts)
    assert not first.overlaps(second)


def test_a_fault_whose_name_takes_two_lines_leaves_the_next_name_clear() -> None:
    figure, (ax,) = style.figure()
    ax.set(xlim=(0, 1200), ylim=(0, 1))
    fault_names.shade_fault(
        ax,
        300,
        1200,
        "storage:",
        "never answers for the whole of the time that is left of the replay",
    )
    fault_names.shade_fault(ax, 300, 500, "webhook trickles")
    fault_names.settle_fault_names(figure)
    figure.draw_without_rendering()
    first, second = (Text.get_window_extent(text) for text in ax.texts)
    assert not first.overlaps(second)


def test_seconds_read_as_round_minutes_and_bytes_as_round_mib() -> None:
    figure, (ax,) = style.figure()
    ax.plot([0, 1800], [0, 3000 * 2**20])
    style.minutes_axis(ax)
    style.mib_axis(ax)
    figure.draw_without_rendering()
    minutes = [label.get_text() for label in ax.get_xticklabels()]
    assert {"0", "5", "10", "30"} <= set(minutes)
    assert {"1,000", "3,000"} <= {label.get_text() for label in ax.get_yticklabels()}
    assert re.search("minutes", ax.get_xlabel())
    assert ax.get_ylabel() == "memory (MiB)"
