"""What is drawn of a recording is what the recording holds."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from statistics import median
from typing import TypeAlias

import numpy as np
import pytest
from long_incident import at_a_tenth, stored
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text
from pictures import assert_legible, title

from ghosts import plots
from ghosts.config import STORAGE_WORKERS
from ghosts.plots import style
from ghosts.records.recording import Recording
from ghosts.records.scenario import load_scenario

MIB = 2**20
Recordings: TypeAlias = dict[str, Recording]
Drawn: TypeAlias = Callable[[str], style.Figure]
SideBySide: TypeAlias = list[tuple[Callable[..., style.Figure], style.Figure]]


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    """The stored ones at full scale and at a tenth, and what is made of them by hand."""
    full = {name: stored(name) for name in ("gather_all", "supervised", "shipped")}
    before, after, shipped = (at_a_tenth(recording) for recording in full.values())
    return {
        "before": before,
        "after": after,
        "shipped": shipped,
        "healthy": replace(shipped, scenario=load_scenario("healthy_twin"), variant="gather_all"),
        "late": late_hang(before),
        "orphans": orphans(before),
        "full before": full["gather_all"],
        "full after": full["supervised"],
    }


def late_hang(of: Recording) -> Recording:
    """Ghosts that hang at their departure and keep little; 21 minutes of it."""
    scenario = load_scenario("late_hang")
    sessions = tuple(
        replace(one, retained_bytes=MIB // 10 + number * 1000)
        for number, one in enumerate(of.sessions[:9])
    )
    samples = tuple(sample for sample in of.samples if sample.t <= scenario.duration)
    return replace(of, scenario=scenario, samples=samples, sessions=sessions)


def orphans(of: Recording) -> Recording:
    """Five sessions end one after the other; of each a task is left."""
    scenario = load_scenario("orphans").fewer(4)
    samples = []
    for t in range(0, scenario.duration + 1, 30):
        ended = min(5, max(0, (t - 600) // 60))
        open_now = 5 - ended
        counts = {"gauge": open_now, "tcp": open_now, "orphans": ended, "ghosts": 0}
        samples.append(replace(of.last, t=float(t), **counts))
    return replace(of, scenario=scenario, samples=tuple(samples))


PICTURES: dict[str, Callable[[Recordings], style.Figure]] = {
    "one gauge": lambda r: plots.gauge_against_tcp(r["before"]),
    "two gauges": lambda r: plots.gauge_against_tcp(r["full before"], r["full after"]),
    "three gauges": lambda r: plots.gauge_against_tcp(r["before"], r["after"], r["late"]),
    "memory": lambda r: plots.memory(r["before"], r["after"]),
    "three memories": lambda r: plots.memory(r["before"], r["after"], r["shipped"]),
    "memory at full scale": lambda r: plots.memory(r["full before"], r["full after"]),
    "audio": lambda r: plots.audio(r["before"], r["after"]),
    "three audios": lambda r: plots.audio(r["before"], r["after"], r["shipped"]),
    "audio at full scale": lambda r: plots.audio(r["full before"], r["full after"]),
    "audio that was stored": lambda r: plots.audio(r["healthy"], r["healthy"]),
    "workers": lambda r: plots.workers(r["before"]),
    "two pools of workers": lambda r: plots.workers(r["healthy"], r["full after"]),
    "three pools of workers": lambda r: plots.workers(r["before"], r["after"], r["shipped"]),
    "memory per ghost": lambda r: plots.memory_per_ghost({"all of them": r["full before"]}),
    "memory per ghost, two": lambda r: plots.memory_per_ghost(
        {"stuck long before": r["before"], "stuck at disconnect": r["late"]}
    ),
    "orphans": lambda r: plots.orphans(r["orphans"]),
}


@pytest.fixture(scope="module")
def drawn(recordings: Recordings) -> Drawn:
    """Draw a picture by its name, each once: no test changes what it shows."""
    return cache(lambda name: PICTURES[name](recordings))


OVER_TIME = plots.gauge_against_tcp, plots.memory, plots.audio, plots.workers


@pytest.fixture(scope="module")
def side_by_side(recordings: Recordings) -> SideBySide:
    """What draws a picture over time, and what it draws of three recordings."""
    three = [recordings[name] for name in ("before", "after", "shipped")]
    return [(draw, draw(*three)) for draw in OVER_TIME]


def line_named(ax: Axes, name: str) -> Line2D:
    """The line at whose last point this name stands."""
    (label,) = (text for text in ax.texts if text.get_text() == name)
    (line,) = (line for line in ax.lines if label.get_color() == style.legible(line.get_color()))
    xs, ys = line.get_data()
    assert (xs[-1], ys[-1]) == label.xy
    return line


def assert_draws(ax: Axes, name: str, recording: Recording, values: list[int | None]) -> None:
    line = line_named(ax, name)
    assert list(line.get_xdata()) == [sample.t for sample in recording.samples]
    assert list(line.get_ydata()) == values


def area(ax: Axes, index: int) -> float:
    """The size of a shaded area, in minutes times connections."""
    corners = ax.collections[index].get_paths()[0].vertices
    xs, ys = np.asarray(corners).T
    return abs(float(np.dot(xs, np.roll(ys, 1)) - np.dot(ys, np.roll(xs, 1)))) / 2 / 60


@pytest.mark.parametrize("name", PICTURES)
def test_every_word_is_large_enough_inside_the_figure_and_clear_of_the_others(
    drawn: Drawn, name: str
) -> None:
    assert_legible(drawn(name))


@pytest.mark.parametrize("name", ["two gauges", "memory per ghost, two", "orphans"])
def test_a_picture_is_the_same_every_time_and_leaves_nothing_open(
    recordings: Recordings, name: str
) -> None:
    first, second = PICTURES[name](recordings), PICTURES[name](recordings)
    assert first._repr_png_() == second._repr_png_()
    assert pyplot.get_fignums() == []


def test_gauge_and_tcp_are_drawn_sample_for_sample_and_named_with_their_last_count(
    recordings: Recordings, drawn: Drawn
) -> None:
    before, after = recordings["full before"], recordings["full after"]
    axes = drawn("two gauges").axes
    names = [("gauge 216", "TCP 22"), ("gauge 22", "TCP 22")]
    for ax, recording, (gauge, tcp) in zip(axes, (before, after), names, strict=True):
        assert_draws(ax, gauge, recording, [sample.gauge for sample in recording.samples])
        assert_draws(ax, tcp, recording, [sample.tcp for sample in recording.samples])
        assert line_named(ax, gauge).get_color() == style.GAUGE.color
        assert line_named(ax, tcp).get_color() == style.TCP.color
    assert "  194 ghosts" in {text.get_text() for text in axes[0].texts}


def test_the_titles_state_the_finding_in_the_recordings_own_numbers(
    drawn: Drawn,
) -> None:
    before, after = drawn("two gauges").axes
    assert title(before) == "gather_all: 216 on the gauge, 22 in the kernel: 194 ghosts"
    assert title(after) == "supervised: 22 on the gauge, 22 in the kernel: no ghosts"


def test_a_single_ghost_is_not_called_ghosts(recordings: Recordings) -> None:
    recording = recordings["before"]
    last = replace(recording.last, gauge=3, ghosts=1)
    one = replace(recording, samples=(*recording.samples[:-1], last))
    (ax,) = plots.gauge_against_tcp(one).axes
    assert title(ax).endswith(": 1 ghost")


def test_ghosts_are_hatched_and_draining_sessions_are_pale(
    recordings: Recordings, drawn: Drawn
) -> None:
    full = recordings["full before"], recordings["full after"]
    for ax, recording in zip(drawn("two gauges").axes, full, strict=True):
        draining, ghosts = ax.collections
        assert ghosts.get_hatch() == style.GHOSTS.hatch
        assert not draining.get_hatch()
        minutes = [sample.t / 60 for sample in recording.samples]
        ghost_minutes = np.trapezoid([sample.ghosts for sample in recording.samples], minutes)
        gap = np.trapezoid([s.gauge - s.tcp for s in recording.samples], minutes)
        assert area(ax, 1) == pytest.approx(ghost_minutes)
        assert area(ax, 0) == pytest.approx(gap - ghost_minutes)


def test_three_side_by_side_have_titles_that_match_line_by_line_and_say_the_same(
    recordings: Recordings, side_by_side: SideBySide
) -> None:
    for draw, figure in side_by_side:
        titles = [ax.get_title(loc="left").splitlines() for ax in figure.axes]
        assert [lines[0] for lines in titles] == ["gather_all:", "supervised:", "shipped:"]
        assert len({len(lines) for lines in titles}) == 1
        assert title(figure.axes[1]) == title(draw(recordings["after"]).axes[0])


def test_names_of_three_side_by_side_leave_their_axes_most_of_the_width(
    side_by_side: SideBySide,
) -> None:
    for _, figure in side_by_side:
        figure.draw_without_rendering()
        assert sum(ax.get_position().width for ax in figure.axes) > 0.6


def test_names_of_faults_stay_within_their_axes_where_three_are_side_by_side(
    side_by_side: SideBySide,
) -> None:
    for _, figure in side_by_side:
        figure.draw_without_rendering()
        for ax in figure.axes:
            (name,) = (text for text in ax.texts if text.get_fontstyle() == "italic")
            assert name.get_text() == "storage:\nnever answers,\n1.4 % of calls"
            assert Text.get_window_extent(name).x1 < ax.bbox.x1


def test_before_and_after_share_both_axes(recordings: Recordings) -> None:
    for picture in OVER_TIME:
        before, after = picture(recordings["before"], recordings["after"]).axes
        assert before.get_ylim() == after.get_ylim()
        assert before.get_xlim() == after.get_xlim() == (0, recordings["before"].last.t)
        for ax in (before, after):
            low, high = ax.get_ylim()
            drawn = [y for line in ax.lines for y in line.get_ydata()]
            assert low < min(drawn)
            assert max(drawn) < high


def test_time_is_read_in_simulated_minutes(recordings: Recordings) -> None:
    for name, ticks in (
        ("before", ["0", "30", "60", "90", "120"]),
        ("late", ["0", "5", "10", "15", "20"]),
    ):
        figure = plots.gauge_against_tcp(recordings[name])
        figure.draw_without_rendering()
        (ax,) = figure.axes
        assert ax.get_xlabel() == "simulated time (minutes)"
        assert [tick.get_text() for tick in ax.get_xticklabels()][:5] == ticks


def test_faults_are_shaded_from_their_start_to_their_end_under_their_names(
    recordings: Recordings,
) -> None:
    (ax,) = plots.orphans(recordings["orphans"]).axes
    spans = [(span.get_x(), span.get_x() + span.get_width()) for span in ax.patches]
    end = recordings["orphans"].last.t
    assert spans == [(300, end), (600, end)]
    said = {text.get_text() for text in ax.texts}
    assert {"storage: never answers", "transcript webhook: garbage"} <= said

    healed = replace(recordings["before"].scenario.faults[0], start=120, end=600)
    scenario = replace(recordings["before"].scenario, faults=(healed,))
    (ax,) = plots.gauge_against_tcp(replace(recordings["before"], scenario=scenario)).axes
    (span,) = ax.patches
    assert (span.get_x(), span.get_x() + span.get_width()) == (120, 600)


def test_a_fault_that_differs_from_device_to_device_is_not_shaded(recordings: Recordings) -> None:
    (ax,) = plots.gauge_against_tcp(recordings["late"]).axes
    assert list(ax.patches) == []


def test_memory_is_what_ghosts_retain_and_that_of_the_process(
    recordings: Recordings, drawn: Drawn
) -> None:
    before, after = recordings["before"], recordings["after"]
    axes = drawn("memory").axes
    for ax, recording in zip(axes, (before, after), strict=True):
        samples = recording.samples
        assert_draws(ax, "ghosts", recording, [sample.retained_bytes for sample in samples])
        assert_draws(ax, "the process", recording, [sample.rss_bytes for sample in samples])
    retained = before.last.retained_bytes / MIB
    assert title(axes[0]) == f"gather_all: ghosts retain {retained:.0f} MiB"
    assert title(axes[1]) == "supervised: ghosts retain nothing"
    assert axes[0].get_ylabel() == "memory (MiB, at a tenth of production's bytes)"
    assert drawn("memory at full scale").axes[0].get_ylabel() == "memory (MiB)"


def test_audio_is_drawn_as_waiting_lost_and_in_the_end_stored(
    recordings: Recordings, drawn: Drawn
) -> None:
    before, after = recordings["before"], recordings["after"]
    axes = drawn("audio").axes
    for ax, recording in zip(axes, (before, after), strict=True):
        samples = recording.samples
        assert_draws(ax, "waiting", recording, [sample.queued_bytes for sample in samples])
        assert_draws(ax, "lost", recording, [sample.lost_bytes for sample in samples])
        stored = line_named(ax, "stored")
        assert list(stored.get_xydata()[0]) == [samples[-1].t, recording.audio.stored]
        lost, waiting = recording.audio.lost / MIB, recording.audio.queued / MIB
        assert f"{lost:.0f} MiB of audio lost, {waiting:.0f} MiB waiting" in title(ax)


def with_workers(
    recording: Recording, blocked: list[int], busy: list[int] | None = None
) -> Recording:
    """The recording with a sample each half minute, of that many blocked and busy workers."""
    samples = [
        replace(recording.last, t=30.0 * number, workers_blocked=stuck, workers_busy=called)
        for number, (stuck, called) in enumerate(zip(blocked, busy or blocked, strict=True))
    ]
    return replace(recording, samples=tuple(samples))


def test_workers_are_drawn_sample_for_sample_below_the_line_of_all_there_are(
    recordings: Recordings,
) -> None:
    busy, blocked = [0, 3, 9, 16, 16, 12], [0, 0, 1, 6, 11, 12]
    three = [
        with_workers(recordings[name], blocked, busy) for name in ("before", "after", "shipped")
    ]
    axes = plots.workers(*three).axes
    for ax in axes:
        for name, values, look, place in (
            ("busy 12", busy, style.WORKERS, 0),
            ("blocked\n12", blocked, style.BLOCKED, 1),
        ):
            line = line_named(ax, name)
            assert list(line.get_xdata()) == [0, 30, 60, 90, 120, 150]
            assert list(line.get_ydata()) == values
            assert line.get_color() == look.color
            assert area(ax, place) == pytest.approx(np.trapezoid(values, line.get_xdata()) / 60)
        *_, limit = ax.lines
        assert set(limit.get_ydata()) == {STORAGE_WORKERS}
        assert " 16 workers" in {text.get_text() for text in ax.texts}
        assert ax.get_ylim()[1] > STORAGE_WORKERS
    assert axes[0].get_ylabel() == "upload workers in a call"


def test_blocked_workers_are_darker_than_busy_ones() -> None:
    shades = [sum(to_rgb(look.color)) for look in (style.BLOCKED, style.WORKERS)]
    assert shades[0] < 0.6 * shades[1]


@pytest.mark.parametrize(
    ("blocked", "said"),
    [
        ([0, 9, 16, 16, 16, 16], "16 of 16 workers blocked, all since minute 1"),
        ([16, 16, 3, 9, 16, 16], "16 of 16 workers blocked, all since minute 2"),
        ([16, 16], "16 of 16 workers blocked, all since minute 0"),
        ([16, 16, 16, 9, 16, 11], "11 of 16 workers blocked, all for 1 minute"),
        ([0, 9, 15, 3, 0], "0 of 16 workers blocked, never all of them"),
    ],
)
def test_the_workers_title_says_how_many_are_blocked_and_since_when_all_are(
    recordings: Recordings, blocked: list[int], said: str
) -> None:
    (ax,) = plots.workers(with_workers(recordings["before"], blocked)).axes
    assert title(ax) == f"gather_all: {said}"


def test_the_line_of_all_workers_is_in_view_where_few_of_them_are_busy(
    recordings: Recordings,
) -> None:
    (ax,) = plots.workers(with_workers(recordings["before"], [0, 1, 2])).axes
    assert ax.get_ylim()[1] > STORAGE_WORKERS


def test_a_fault_of_a_share_of_the_calls_is_named_with_it(recordings: Recordings) -> None:
    fault = replace(recordings["before"].scenario.faults[0], share=0.015)
    scenario = replace(recordings["before"].scenario, faults=(fault,))
    one = replace(recordings["before"], scenario=scenario)
    for count, said in (
        (1, "storage: never answers, 1.5 % of calls"),
        (3, "storage:\nnever answers,\n1.5 % of calls"),
    ):
        assert said in {
            text.get_text() for text in plots.gauge_against_tcp(*[one] * count).axes[0].texts
        }


def test_a_pale_line_is_edged_with_ink_and_others_are_not() -> None:
    assert style.WORKERS.line["path_effects"]
    assert "path_effects" not in style.GAUGE.line


def test_each_ghost_is_a_point_at_the_memory_that_it_retains(recordings: Recordings) -> None:
    named = {"stuck long before": recordings["before"], "stuck at disconnect": recordings["late"]}
    (ax,) = plots.memory_per_ghost(named).axes
    late, early, record = ax.lines
    for line, recording in ((early, recordings["before"]), (late, recordings["late"])):
        retained = [session.retained_bytes for session in recording.sessions if session.ghost]
        assert list(line.get_xdata()) == retained
    assert min(early.get_ydata()) > max(late.get_ydata())
    rows = [label.get_text() for label in ax.get_yticklabels()]
    assert rows == ["stuck at disconnect", "stuck long before"]
    assert list(record.get_xdata()) == [1.5 * MIB, 1.5 * MIB]
    assert " a tenth of the 15 MiB on record" in {text.get_text() for text in ax.texts}
    middle = [median(line.get_xdata()) / MIB for line in (early, late)]
    assert title(ax) == (
        f"The median ghost retains {middle[0]:.1f} MiB stuck long before, "
        f"{middle[1]:.1f} MiB stuck at disconnect"
    )


def test_at_full_scale_the_ghosts_stand_around_the_15_mib_on_record(recordings: Recordings) -> None:
    (ax,) = plots.memory_per_ghost({"all of them": recordings["full before"]}).axes
    points, record = ax.lines
    assert list(record.get_xdata()) == [15 * MIB, 15 * MIB]
    assert min(points.get_xdata()) < 15 * MIB < max(points.get_xdata())
    assert " 15 MiB on record" in {text.get_text() for text in ax.texts}


@pytest.mark.parametrize("picture", [plots.memory, plots.audio])
def test_bytes_at_different_scales_are_not_drawn_on_one_axis(
    recordings: Recordings, picture: Callable[..., style.Figure]
) -> None:
    with pytest.raises(ValueError, match="different scales"):
        picture(recordings["before"], recordings["full after"])


def test_orphans_are_drawn_beside_a_gauge_that_has_fallen_to_nothing(
    recordings: Recordings,
) -> None:
    recording = recordings["orphans"]
    (ax,) = plots.orphans(recording).axes
    assert_draws(ax, "gauge 0", recording, [sample.gauge for sample in recording.samples])
    assert_draws(ax, "TCP 0", recording, [sample.tcp for sample in recording.samples])
    assert_draws(ax, "orphan tasks 5", recording, [sample.orphans for sample in recording.samples])
    assert title(ax) == "gather_all: 0 on the gauge, 5 tasks alive"
