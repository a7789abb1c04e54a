"""The name of a fault stands within its band and clear of the lines, in every picture."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.text import Annotation, Text
from pictures import assert_legible

from ghosts import plots
from ghosts.backends import Backend
from ghosts.paths import DATA
from ghosts.plots import style
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.recording import Recording

LASTS = 4800
PICTURES = (
    plots.gauge_against_tcp,
    plots.memory,
    plots.audio,
    plots.workers,
    plots.lanes,
    plots.allocator,
)
OUTAGE = Fault(backend=Backend.STORAGE, mode=FaultMode.NEVER_ANSWERS, start=600, end=2400)


@pytest.fixture(scope="module")
def incident() -> Recording:
    """The stored incident, in which the gauge rises, at more than twice its pace."""
    stored = Recording.load(DATA / "recordings/production_full_gather_all.json")
    pace = LASTS / stored.last.t
    samples = tuple(replace(sample, t=sample.t * pace) for sample in stored.samples)
    return replace(stored, samples=samples)


def with_faults(recording: Recording, *faults: Fault) -> Recording:
    return replace(recording, scenario=replace(recording.scenario, faults=faults))


def fault_names(ax: Axes) -> list[Annotation]:
    return [
        text
        for text in ax.texts
        if isinstance(text, Annotation) and text.get_fontstyle() == "italic"
    ]


def highest_line(ax: Axes, left: float, right: float) -> float:
    """How high a line that is not vertical gets between two pixels."""
    highest = 0.0
    for line in ax.lines:
        xs, ys = line.get_transform().transform(np.asarray(line.get_xydata())).T
        if np.ptp(xs) and xs[0] <= right and xs[-1] >= left:
            between = np.interp(np.linspace(left, right, 200), xs, ys)
            highest = max(highest, float(between.max()))
    return highest


def assert_in_its_band(ax: Axes) -> None:
    for name, band in zip(fault_names(ax), ax.patches, strict=True):
        box, around = Text.get_window_extent(name), band.get_window_extent()
        assert around.x0 < box.x0
        assert box.x1 <= around.x1 + 0.5
        assert box.y1 < ax.bbox.y1
        assert box.y0 > highest_line(ax, box.x0, box.x1)


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("picture", PICTURES)
def test_the_name_of_a_short_fault_stays_within_its_band_and_clear_of_every_line(
    incident: Recording, picture: Callable[..., style.Figure], columns: int
) -> None:
    figure = picture(*[with_faults(incident, OUTAGE)] * columns)
    assert_legible(figure)
    named = [ax for ax in figure.axes if fault_names(ax)]
    assert len(named) == columns
    for ax in named:
        assert_in_its_band(ax)
        assert [name.get_text().split() for name in fault_names(ax)] == [
            ["storage:", "never", "answers"]
        ]


@pytest.mark.parametrize("picture", PICTURES)
def test_panels_side_by_side_keep_one_scale(
    incident: Recording, picture: Callable[..., style.Figure]
) -> None:
    axes = picture(with_faults(incident, OUTAGE), with_faults(incident)).axes
    for left, right in zip(axes[::2], axes[1::2], strict=True):
        assert left.get_ylim() == right.get_ylim()


def test_a_vertical_line_does_not_cross_the_name(incident: Recording) -> None:
    crossed = with_faults(incident, replace(OUTAGE, start=1380, end=4000))
    clear = with_faults(incident, replace(OUTAGE, start=2000, end=4000))
    for recording, covered in ((crossed, True), (clear, False)):
        connections = plots.lanes(recording).axes[1]
        (name,) = fault_names(connections)
        box = Text.get_window_extent(name)
        (mark,) = (line for line in connections.lines if not np.ptp(line.get_xdata()))
        x, _ = connections.transData.transform((mark.get_xdata()[0], 0))
        assert (box.x0 < x < box.x1) == covered
        assert (name.get_bbox_patch() is not None) == covered
        assert name.get_zorder() > mark.get_zorder()


def test_what_covers_a_line_does_not_look_like_a_longer_fault(incident: Recording) -> None:
    for end, white in ((4000, False), (1450, True)):
        crossed = with_faults(incident, replace(OUTAGE, start=1380, end=end))
        (name,) = fault_names(plots.lanes(crossed).axes[1])
        cover = name.get_bbox_patch()
        assert cover is not None
        assert (to_hex(cover.get_facecolor()) == "#ffffff") == white


def test_names_that_would_overlap_are_below_each_other_and_others_on_one_height(
    incident: Recording,
) -> None:
    webhook = replace(OUTAGE, backend=Backend.TRANSCRIPT_WEBHOOK)
    for start, below in ((700, True), (2500, False)):
        figure = plots.workers(
            with_faults(incident, OUTAGE, replace(webhook, start=start, end=LASTS))
        )
        assert_legible(figure)
        (ax,) = figure.axes
        first, second = (Text.get_window_extent(name) for name in fault_names(ax))
        assert (second.y1 < first.y0) == below
        assert (second.y1 == pytest.approx(first.y1)) == (not below)


def test_a_band_narrower_than_a_word_does_not_squeeze_the_lines_away(incident: Recording) -> None:
    for picture in (plots.gauge_against_tcp, plots.lanes):
        figure = picture(*[with_faults(incident, replace(OUTAGE, end=660))] * 3)
        assert_legible(figure)
        for ax in figure.axes:
            if fault_names(ax):
                top = max(
                    float(np.max(line.get_ydata())) for line in ax.lines if np.ptp(line.get_xdata())
                )
                low, high = ax.get_ylim()
                assert (top - low) / (high - low) > 0.25
