"""The pictures of the process's memory show what recordings say of it, and nothing made up."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from long_incident import long_incident, of_lanes, recorded
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from pictures import assert_legible, title

from ghosts import plots
from ghosts.plots import style
from ghosts.records.recording import Recording
from ghosts.records.snapshot import Allocator

MIB = 2**20
VARIANTS = ("gather_all", "supervised", "shipped")
PICTURES = (plots.resident_memory, plots.allocator)


@pytest.fixture(scope="module")
def one() -> Recording:
    return recorded()


@pytest.fixture(scope="module")
def incidents(one: Recording) -> list[Recording]:
    return [long_incident(one, variant) for variant in VARIANTS]


def growing(recording: Recording, variant: str, start: float, end: float) -> Recording:
    """The recording with that many MiB of resident memory at its beginning and end."""
    first, last = of_lanes(recording, [], 600).samples
    samples = (
        replace(first, rss_bytes=int(start * MIB)),
        replace(last, rss_bytes=int(end * MIB)),
    )
    return replace(recording, variant=variant, samples=samples)


def with_heap(recording: Recording, heap: Allocator | None) -> Recording:
    """The recording with that heap at its end."""
    samples = of_lanes(recording, [], 600, allocator=heap).samples
    return replace(recording, samples=(samples[1],))


def line_named(ax: Axes, name: str) -> Line2D:
    """The line at whose last point this name stands."""
    (label,) = (text for text in ax.texts if text.get_text() == name)
    (line,) = (line for line in ax.lines if tuple(line.get_xydata()[-1]) == label.xy)
    return line


@pytest.mark.parametrize("picture", PICTURES)
def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(
    incidents: list[Recording], picture: Callable[..., style.Figure]
) -> None:
    for number in (1, 2, 3):
        figure = picture(*incidents[:number])
        assert figure.get_figheight() <= 7.5
        assert_legible(figure)


@pytest.mark.slow
@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open(
    incidents: list[Recording], picture: Callable[..., style.Figure]
) -> None:
    first, second = (picture(*incidents) for _ in range(2))
    assert first._repr_png_() == second._repr_png_()
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("picture", PICTURES)
def test_bytes_at_different_scales_are_not_drawn_on_one_axis(
    incidents: list[Recording], picture: Callable[..., style.Figure]
) -> None:
    with pytest.raises(ValueError, match="different scales"):
        picture(incidents[0], replace(incidents[1], scale=1.0))


def test_resident_memory_is_a_line_per_recording_named_with_what_it_grew_by(
    one: Recording,
) -> None:
    three = [
        growing(one, name, 150, end) for name, end in zip(VARIANTS, (428, 181, 167), strict=True)
    ]
    figure = plots.resident_memory(*three)
    (ax,) = figure.axes
    assert len(ax.lines) == 3
    for recording, name in zip(
        three, ("gather_all\n+278 MiB", "supervised\n+31 MiB", "shipped\n+17 MiB"), strict=True
    ):
        line = line_named(ax, name)
        assert list(line.get_xdata()) == [0, 600]
        assert list(line.get_ydata()) == [sample.rss_bytes for sample in recording.samples]
        assert line.get_color() == style.MEMORY.color
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in ax.lines}) == 3  # type: ignore[attr-defined]
    said = "gather_all grows by 278 MiB, supervised by 31, shipped by 17"
    assert figure.get_suptitle().replace("\n", " ") == said
    assert ax.get_ylabel() == "resident memory\n(MiB, at a tenth of production's bytes)"
    assert ax.get_ylim()[0] == 0


def test_one_recording_has_a_title_of_its_own(one: Recording) -> None:
    figure = plots.resident_memory(growing(one, "gather_all", 150, 1650))
    assert figure.get_suptitle() == "gather_all grows by 1,500 MiB"


def test_a_recording_without_memory_is_refused_by_its_name(one: Recording) -> None:
    bare = growing(one, "shipped", 0, 0)
    with pytest.raises(ValueError, match=r"^shipped: recorded without memory$"):
        plots.resident_memory(growing(one, "gather_all", 150, 428), bare)


@pytest.mark.parametrize("number", [0, 6])
def test_there_are_as_many_recordings_as_lines_can_be_told_apart(
    incidents: list[Recording], number: int
) -> None:
    with pytest.raises(ValueError, match=rf"^should be one to five recordings; got {number}$"):
        plots.resident_memory(*[incidents[0]] * number)


def test_the_heap_and_what_of_it_is_in_use_are_drawn_sample_for_sample(
    incidents: list[Recording],
) -> None:
    axes = plots.allocator(*incidents).axes
    for ax, recording in zip(axes, incidents, strict=True):
        samples, last = recording.samples, recording.last
        assert last.allocator is not None
        heap = line_named(ax, f"heap {last.allocator.held_bytes / MIB:.0f}")
        used = line_named(ax, f"used {last.allocator.in_use_bytes / MIB:.0f}")
        assert list(heap.get_xdata()) == list(used.get_xdata()) == [each.t for each in samples]
        measured = [each.allocator for each in samples if each.allocator is not None]
        assert list(heap.get_ydata()) == [each.held_bytes for each in measured]
        assert list(used.get_ydata()) == [each.in_use_bytes for each in measured]
        assert used.get_color() == style.MEMORY.color
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in axes}) == 1
    assert axes[0].get_ylabel() == "malloc's heap\n(MiB, at a tenth of production's bytes)"


@pytest.mark.parametrize(
    ("in_use", "held", "said"),
    [
        (980, 1000, "98.0 % of the heap in use, no allocator could return it"),
        (900, 1000, "90.0 % of the heap in use, no allocator could return it"),
        (899, 1000, "89.9 % of the heap in use, 10.1 % is free"),
        (686, 1000, "68.6 % of the heap in use, 31.4 % is free"),
        (8994, 10_000, "89.9 % of the heap in use, 10.1 % is free"),
        (999, 1000, "99.9 % of the heap in use, no allocator could return it"),
    ],
)
def test_the_title_says_what_share_of_the_heap_is_in_use(
    one: Recording, in_use: int, held: int, said: str
) -> None:
    heap = Allocator(in_use_bytes=in_use * MIB, held_bytes=held * MIB)
    (ax,) = plots.allocator(with_heap(one, heap)).axes
    assert title(ax) == f"supervised: {said}"


@pytest.mark.parametrize("heap", [None, Allocator(in_use_bytes=0, held_bytes=0)])
def test_a_recording_without_glibc_is_refused_by_its_name(
    one: Recording, heap: Allocator | None
) -> None:
    with pytest.raises(ValueError, match=r"^supervised: recorded without glibc's malloc$"):
        plots.allocator(with_heap(one, heap))
