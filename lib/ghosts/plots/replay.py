"""The pictures of a replay: from recordings to figures.

Several recordings stand side by side on shared axes, in the order in which they are given.
"""

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from matplotlib.axes import Axes

from ghosts.plots.style import (
    GAUGE,
    GHOSTS,
    LOST,
    MEMORY,
    STORED,
    TCP,
    Figure,
    Look,
    figure,
    finding,
    label_line_end,
    legible,
    mib_axis,
    minutes_axis,
    shade_fault,
    write,
)
from ghosts.replay.recording import Recording, Sample
from ghosts.replay.scenario import FULL

_MIB = 2**20
_ROOM_FOR_NAMES = 1.3
_SWARM = 9


class _Curve(NamedTuple):
    name: str
    look: Look
    value: Callable[[Sample], int]


_GAUGE = _Curve("gauge", GAUGE, lambda sample: sample.gauge)
_TCP = _Curve("TCP", TCP, lambda sample: sample.tcp)
_ORPHANS = _Curve("orphan tasks", GHOSTS, lambda sample: sample.orphans)
_TRACED = _Curve("all of Python", MEMORY, lambda sample: sample.tracemalloc_bytes or 0)
_RESIDENT = _Curve("the process", MEMORY, lambda sample: sample.rss_bytes)
_BY_GHOSTS = _Curve("ghosts", GHOSTS, lambda sample: sample.retained_bytes)
_WAITING = _Curve("waiting", STORED, lambda sample: sample.queued_bytes)
_LOST = _Curve("lost", LOST, lambda sample: sample.lost_bytes)


def gauge_against_tcp(*recordings: Recording) -> Figure:
    """Draw the gauge and the TCP connections; the ghosts are shaded between them."""
    fig, axes = _side_by_side(recordings)
    for ax, recording in zip(axes, recordings, strict=True):
        last = recording.last
        seconds = [sample.t for sample in recording.samples]
        ax.fill_between(
            seconds,
            [sample.tcp for sample in recording.samples],
            [sample.gauge for sample in recording.samples],
            **GHOSTS.area,
        )
        _draw(ax, recording, (_GAUGE, _TCP), lambda count: f" {count}")
        if last.ghosts:
            middle = (last.gauge + last.tcp) / 2
            write(
                ax,
                last.t,
                middle,
                f"  {last.ghosts} ghosts",
                color=legible(GHOSTS.color),
                va="center",
            )
        _headline(ax, recording, f"{last.gauge} on the gauge,\n{last.tcp} in the kernel")
    axes[0].set_ylabel("connections")
    return fig


def memory(*recordings: Recording) -> Figure:
    """Draw the memory that ghosts retain, and all that Python holds.

    At full scale the latter is not traced, and the resident memory of the process stands for it.
    """
    fig, axes = _side_by_side(recordings)
    for ax, recording in zip(axes, recordings, strict=True):
        total = _TRACED if recording.scale < FULL else _RESIDENT
        _draw(ax, recording, (total, _BY_GHOSTS))
        _headline(ax, recording, f"ghosts retain\n{recording.last.retained_bytes / _MIB:,.0f} MiB")
    mib_axis(axes[0], f"memory (MiB{_scale(recordings[0])})")
    return fig


def audio(*recordings: Recording) -> Figure:
    """Draw the audio that waits in the service, and the audio that is lost."""
    fig, axes = _side_by_side(recordings)
    for ax, recording in zip(axes, recordings, strict=True):
        _draw(ax, recording, (_WAITING, _LOST))
        lost, waiting = (recording.audio.lost / _MIB, recording.audio.queued / _MIB)
        _headline(ax, recording, f"{lost:,.0f} MiB lost,\n{waiting:,.0f} MiB waiting")
    mib_axis(axes[0], f"audio (MiB{_scale(recordings[0])})")
    return fig


def memory_per_ghost(recordings: dict[str, Recording]) -> Figure:
    """Draw what each ghost retains: a row of points a recording, named by its key."""
    fig, (ax,) = figure(height=1.1 * len(recordings) + 2.2)
    rows = dict(enumerate(reversed(recordings.values())))
    for row, recording in rows.items():
        retained = _retained_by_each(recording)
        spread = [
            row + 0.6 * (index % _SWARM - _SWARM // 2) / _SWARM for index in range(len(retained))
        ]
        ax.plot(retained, spread, **{**GHOSTS.points, "markersize": 6})
    ax.set_yticks(list(rows), list(reversed(recordings)))
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlim(0, 1.1 * max(max(_retained_by_each(each)) for each in rows.values()))
    ax.grid(visible=False, axis="y")
    mib_axis(ax, f"memory that a ghost retains (MiB{_scale(rows[0])})", axis="x")
    medians = [median(_retained_by_each(each)) / _MIB for each in recordings.values()]
    finding(ax, "The median ghost retains " + ", ".join(f"{each:.1f} MiB" for each in medians))
    return fig


def orphans(recording: Recording) -> Figure:
    """Draw the gauge, the TCP connections, and the tasks that outlive their sessions."""
    fig, axes = _side_by_side([recording])
    _draw(axes[0], recording, (_TCP, _GAUGE, _ORPHANS), lambda count: f" {count}")
    axes[0].set_ylabel("connections, tasks")
    last = recording.last
    finding(axes[0], f"The gauge says {last.gauge}, and {last.orphans} tasks live on")
    return fig


def _side_by_side(recordings: Sequence[Recording]) -> tuple[Figure, list[Axes]]:
    return figure(1, len(recordings), sharex=True, sharey=True, height=5.8)


def _draw(
    ax: Axes,
    recording: Recording,
    curves: Sequence[_Curve],
    ending: Callable[[int], str] = lambda value: "",
) -> None:
    """Draw curves over time, named at their ends, on a background of the scenario's faults."""
    seconds = [sample.t for sample in recording.samples]
    values = {curve: [curve.value(sample) for sample in recording.samples] for curve in curves}
    lines = {curve: ax.plot(seconds, values[curve], **curve.look.line)[0] for curve in curves}
    top = max(max(each) for each in values.values())
    ax.set_xlim(0, recording.scenario.duration * _ROOM_FOR_NAMES)
    ax.set_ylim(0, max(1.25 * top, ax.get_ylim()[1]))
    minutes_axis(ax)
    for fault in recording.scenario.faults:
        if fault.start != "departure":
            end = fault.end or recording.scenario.duration
            shade_fault(ax, fault.start, end, f"{fault.backend}: {fault.mode}".replace("_", " "))
    for curve, line in lines.items():
        label_line_end(ax, line, curve.name + ending(values[curve][-1]))


def _headline(ax: Axes, recording: Recording, text: str) -> None:
    finding(ax, f"{recording.lifecycle}: {text}")


def _retained_by_each(recording: Recording) -> list[int]:
    return [session.retained_bytes for session in recording.sessions if session.ghost]


def _scale(recording: Recording) -> str:
    return "" if recording.scale == FULL else f", at {recording.scale:g} of production's bytes"
