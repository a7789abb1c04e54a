"""The pictures of a replay: from recordings to figures.

Several recordings stand side by side on shared axes, in the order in which they are given.
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from matplotlib.axes import Axes

from ghosts import evidence
from ghosts.config import STORAGE_WORKERS
from ghosts.plots.fault_names import settle_fault_names
from ghosts.plots.recordings import (
    MIB,
    end_name,
    headline,
    mib_at,
    scale_of,
    shade_faults,
    shade_half_open,
    shade_the_gap,
)
from ghosts.plots.style import (
    BLOCKED,
    GAUGE,
    GHOSTS,
    INK,
    LIMIT,
    LOST,
    MEMORY,
    STORED,
    TCP,
    WORKERS,
    Figure,
    Look,
    count,
    figure,
    label_line_end,
    legible,
    mib_axis,
    minutes_axis,
    write,
)
from ghosts.records.recording import Recording, Sample
from ghosts.records.scenario import FULL

_ROOM_FOR_A_NAME = 0.15
"""Of an axis: the least between two line ends that have a third name between theirs."""
_SWARM = 9


class _Curve(NamedTuple):
    name: str
    look: Look
    value: Callable[[Sample], int]


_GAUGE = _Curve("gauge", GAUGE, lambda sample: sample.gauge)
_TCP = _Curve("TCP", TCP, lambda sample: sample.tcp)
_ORPHANS = _Curve("orphan tasks", GHOSTS, lambda sample: sample.orphans)
_RESIDENT = _Curve("the process", MEMORY, lambda sample: sample.rss_bytes)
_BY_GHOSTS = _Curve("ghosts", GHOSTS, lambda sample: sample.retained_bytes)
_WAITING = _Curve("waiting", MEMORY, lambda sample: sample.queued_bytes)
_BUSY = _Curve("busy", WORKERS, lambda sample: sample.workers_busy)
_BLOCKED = _Curve("blocked", BLOCKED, lambda sample: sample.workers_blocked)
_LOST = _Curve("lost", LOST, lambda sample: sample.lost_bytes)


def gauge_against_tcp(*recordings: Recording) -> Figure:
    """Draw the gauge and the TCP connections, and shade what lies between them.

    Hatched are the ghosts, pale are the draining sessions. Dotted, below TCP, are the half-open
    connections.
    """
    fig, axes = _over_time(recordings, (_GAUGE, _TCP), " {}")
    for ax, recording in zip(axes, recordings, strict=True):
        shade_the_gap(ax, recording)
        shade_half_open(ax, recording)
        last = recording.last
        if last.ghosts > _ROOM_FOR_A_NAME * ax.get_ylim()[1]:
            name = {"color": legible(GHOSTS.color), "va": "center", "fontweight": "bold"}
            middle = last.gauge - last.ghosts / 2
            said = textwrap.indent(end_name(ax, count(last.ghosts, "ghost")), "  ")
            write(ax, last.t, middle, said, **name)
        headline(
            ax,
            f"{recording.variant}: {last.gauge} on the gauge",
            f"{last.tcp} in the kernel: {count(last.ghosts, 'ghost')}",
            *([f"{last.half_open} half-open"] if last.half_open else []),
        )
    axes[0].set_ylabel("connections")
    settle_fault_names(fig)
    return fig


def memory(*recordings: Recording) -> Figure:
    """Draw the memory that ghosts retain, and the resident memory of the process.

    Raises ValueError if the recordings are not of one scale.
    """
    scale = scale_of(recordings)
    fig, axes = _over_time(recordings, (_RESIDENT, _BY_GHOSTS))
    for ax, recording in zip(axes, recordings, strict=True):
        retained = recording.last.retained_bytes / MIB
        told = f"{retained:,.0f} MiB" if retained else "nothing"
        headline(ax, f"{recording.variant}: ghosts retain {told}")
    mib_axis(axes[0], f"memory ({mib_at(scale)})")
    settle_fault_names(fig)
    return fig


def audio(*recordings: Recording) -> Figure:
    """Draw the audio that waits in the service, the audio that is lost, and, at the end, stored.

    Raises ValueError if the recordings are not of one scale.
    """
    scale = scale_of(recordings)
    most_stored = max(recording.audio.stored for recording in recordings)
    fig, axes = _over_time(recordings, (_WAITING, _LOST), at_least=most_stored)
    for ax, recording in zip(axes, recordings, strict=True):
        (stored,) = ax.plot(
            [recording.last.t], [recording.audio.stored], **STORED.points, clip_on=False
        )
        label_line_end(ax, stored, "stored", f"stored {recording.audio.stored / MIB:,.0f} MiB")
        lost, waiting = recording.audio.lost / MIB, recording.audio.queued / MIB
        headline(
            ax,
            f"{recording.variant}: {lost:,.0f} MiB of audio lost",
            f"{waiting:,.0f} MiB waiting",
        )
    mib_axis(axes[0], f"audio ({mib_at(scale)})")
    settle_fault_names(fig)
    return fig


def workers(*recordings: Recording) -> Figure:
    """Draw the busy upload workers, the blocked ones among them darker, and the pool's size."""
    fig, axes = _over_time(recordings, (_BUSY, _BLOCKED), " {}", at_least=STORAGE_WORKERS + 2)
    for ax, recording in zip(axes, recordings, strict=True):
        seconds = [sample.t for sample in recording.samples]
        for curve in (_BUSY, _BLOCKED):
            values = [curve.value(sample) for sample in recording.samples]
            ax.fill_between(seconds, values, **curve.look.area)
        ax.axhline(STORAGE_WORKERS, zorder=1.5, **LIMIT.line)
        write(ax, 0, 1.01 * STORAGE_WORKERS, f" {STORAGE_WORKERS} workers", va="bottom")
        blocked = f"{recording.last.workers_blocked} of {STORAGE_WORKERS} workers blocked"
        headline(ax, f"{recording.variant}: {blocked}", _all_blocked(recording))
    axes[0].set_yticks(range(0, STORAGE_WORKERS + 1, 4))
    axes[0].set_ylabel("upload workers in a call")
    settle_fault_names(fig)
    return fig


def memory_per_ghost(recordings: Mapping[str, Recording]) -> Figure:
    """Draw what each ghost retains: a row of points a recording, named by its key.

    The dotted line is the figure on record, at the recordings' scale. Raises ValueError if they
    are not of one scale, or if one has no ghosts.
    """
    scale = scale_of([*recordings.values()])
    retained = {name: _retained_by_each(one) for name, one in recordings.items()}
    fig, (ax,) = figure(height=1.2 * len(recordings) + 2.6)
    for row, each in enumerate(reversed(retained.values())):
        ax.plot(each, _swarm(row, len(each)), **{**GHOSTS.points, "markersize": 6})
    ax.set_yticks(range(len(retained)), list(reversed(retained)))
    ax.set_ylim(-0.6, len(retained) - 0.1)
    ax.set_xlim(0, 1.25 * max(max(each) for each in retained.values()))
    ax.grid(visible=False, axis="y")
    mib_axis(ax, f"memory that a ghost retains ({mib_at(scale)})", axis="x")
    _mark_the_record(ax, scale)
    medians = [f"{median(each) / MIB:.1f} MiB {name}" for name, each in retained.items()]
    headline(ax, f"The median ghost retains {medians[0]}", *medians[1:])
    return fig


def orphans(recording: Recording) -> Figure:
    """Draw the gauge, the TCP connections, and the tasks that outlive their sessions."""
    fig, (ax,) = _over_time([recording], (_GAUGE, _TCP, _ORPHANS), " {}")
    ax.set_ylabel("connections, tasks")
    last = recording.last
    headline(
        ax,
        f"{recording.variant}: {last.gauge} on the gauge",
        f"{count(last.orphans, 'task')} alive",
    )
    settle_fault_names(fig)
    return fig


def _over_time(
    recordings: Sequence[Recording], curves: Sequence[_Curve], ending: str = "", at_least: int = 1
) -> tuple[Figure, list[Axes]]:
    """Draw curves side by side on shared axes, named at their ends, the faults behind them.

    The names go on with ``ending``, which takes the last value; without it, values are bytes.
    The axes reach up to the highest value of all, and to `at_least`.
    """
    fig, axes = figure(1, len(recordings), sharex=True, sharey=True, height=5.8)
    lines = []
    for ax, recording in zip(axes, recordings, strict=True):
        seconds = [sample.t for sample in recording.samples]
        for curve in curves:
            values = [curve.value(sample) for sample in recording.samples]
            (line,) = ax.plot(seconds, values, **curve.look.line)
            spoken = "" if ending else f"{curve.name} {values[-1] / MIB:,.0f} MiB"
            lines.append((ax, line, curve.name + ending.format(values[-1]), spoken))
        minutes_axis(ax)
        shade_faults(ax, recording)
    samples = [sample for recording in recordings for sample in recording.samples]
    top = max(1, at_least, *(curve.value(sample) for sample in samples for curve in curves))
    axes[0].set_xlim(0, max(recording.last.t for recording in recordings))
    axes[0].set_ylim(-0.04 * top, 1.25 * top)
    for ax, line, name, spoken in lines:
        label_line_end(ax, line, end_name(ax, name), spoken)
    return fig, axes


def _all_blocked(recording: Recording) -> str:
    """Say from when all workers were blocked, or for how long if they no longer are."""
    full = [sample.workers_blocked >= STORAGE_WORKERS for sample in recording.samples]
    if not any(full):
        return "never all of them"
    if full[-1]:
        first = max((place + 1 for place, one in enumerate(full) if not one), default=0)
        return f"all since minute {round(recording.samples[first].t / 60)}"
    seconds = sum(
        later.t - sample.t
        for sample, later in pairwise(recording.samples)
        if min(sample.workers_blocked, later.workers_blocked) >= STORAGE_WORKERS
    )
    return f"all for {count(round(seconds / 60) or 1, 'minute')}"


def _mark_the_record(ax: Axes, scale: float) -> None:
    """Draw what the team stated that a ghost retains."""
    record = evidence.fact("memory_per_ghost")
    of_it = "" if scale == FULL else "a tenth of the "
    at = record.value * scale * MIB
    ax.axvline(at, color=INK, linestyle=":", linewidth=2)
    name = f" {of_it}{record.value:g} {record.unit} on record"
    write(ax, at, ax.get_ylim()[1], name, va="top")


def _swarm(row: float, points: int) -> list[float]:
    """Spread points across a row, so that equal ones do not hide each other."""
    return [row + 0.6 * (index % _SWARM - _SWARM // 2) / _SWARM for index in range(points)]


def _retained_by_each(recording: Recording) -> list[int]:
    return [session.retained_bytes for session in recording.sessions if session.ghost]
