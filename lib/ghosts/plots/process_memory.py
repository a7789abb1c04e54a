"""The memory of the process that a replay runs in: what is resident, and what malloc has."""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes

from ghosts.plots.fault_names import settle_fault_names
from ghosts.plots.recordings import (
    MIB,
    end_name,
    headline,
    mib_at,
    names_of,
    scale_of,
    shade_faults,
)
from ghosts.plots.style import (
    INK,
    MEMORY,
    Figure,
    figure,
    finding_of_all,
    label_line_end,
    mib_axis,
    minutes_axis,
)
from ghosts.records.recording import Recording

_STROKES: Final = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
"""Of one recording after the other, all in the colour of memory."""
_NEARLY_ALL: Final = 90
"""Per cent of the heap: where at least as much is in use, returning the rest would not help."""


def resident_memory(*recordings: Recording) -> Figure:
    """Draw the resident memory of the process over time, a line per recording.

    Each is to be recorded in a process of its own: memory that one has freed stays resident. Raises
    ValueError if there are not one to five recordings, if they are not of one scale, or if one was
    recorded without memory.
    """
    if not 1 <= len(recordings) <= len(_STROKES):
        raise ValueError(f"should be one to five recordings; got {len(recordings)}")
    scale = scale_of(recordings)
    names = names_of(recordings)
    for name, recording in zip(names, recordings, strict=True):
        if not all(sample.rss_bytes for sample in recording.samples):
            raise ValueError(f"{name}: recorded without memory")
    fig, (ax,) = figure(height=6.0)
    lines = []
    for recording, stroke in zip(recordings, _STROKES, strict=False):
        seconds = [sample.t for sample in recording.samples]
        resident = [sample.rss_bytes for sample in recording.samples]
        (line,) = ax.plot(seconds, resident, **{**MEMORY.line, "linestyle": stroke})
        lines.append(line)
    ax.set_xlim(0, max(recording.last.t for recording in recordings))
    most = max(sample.rss_bytes for recording in recordings for sample in recording.samples)
    ax.set_ylim(0, 1.15 * most)
    minutes_axis(ax)
    mib_axis(ax, f"resident memory\n({mib_at(scale)})")
    grown = [_grown(recording) for recording in recordings]
    for line, name, mib in zip(lines, names, grown, strict=True):
        label_line_end(ax, line, f"{name}\n{mib:+,.0f} MiB")
    said = [f"{name} by {mib:,.0f}" for name, mib in zip(names, grown, strict=True)]
    said[0] = f"{names[0]} grows by {grown[0]:,.0f} MiB"
    finding_of_all(fig, ", ".join(said))
    return fig


def allocator(*recordings: Recording) -> Figure:
    """Draw the heap that malloc has from the operating system, and what of it is in use.

    There is a column per recording. Raises ValueError if the recordings are not of one scale, or if
    malloc was not glibc's.
    """
    scale = scale_of(recordings)
    measured = [_of_malloc(recording) for recording in recordings]
    fig, axes = figure(1, len(recordings), sharex=True, sharey=True, height=5.8)
    axes[0].set_xlim(0, max(recording.last.t for recording in recordings))
    axes[0].set_ylim(0, 1.25 * max(max(heap) for heap, _ in measured))
    names = names_of(recordings)
    for ax, name, recording, (heap, in_use) in zip(axes, names, recordings, measured, strict=True):
        _draw_malloc(ax, [sample.t for sample in recording.samples], heap, in_use)
        shade_faults(ax, recording, least_share=1.0)
        minutes_axis(ax)
        used = round(100 * in_use[-1] / heap[-1], 1)
        free = f"{100 - used:.1f} % is free"
        rest = "no allocator could return it" if used >= _NEARLY_ALL else free
        headline(ax, f"{name}: {used:.1f} % of the heap in use", rest)
    mib_axis(axes[0], f"malloc's heap\n({mib_at(scale)})")
    settle_fault_names(fig)
    return fig


def _draw_malloc(
    ax: Axes, seconds: Sequence[float], heap: Sequence[int], in_use: Sequence[int]
) -> None:
    """Draw the memory in use as an area below the line of the heap."""
    ax.fill_between(seconds, in_use, **MEMORY.area)
    (used,) = ax.plot(seconds, in_use, **{**MEMORY.line, "linestyle": "-"})
    (all_of_it,) = ax.plot(seconds, heap, color=INK, linestyle="--", linewidth=2)
    for line, name, size in ((all_of_it, "heap", heap[-1]), (used, "used", in_use[-1])):
        label_line_end(ax, line, end_name(ax, f"{name} {size / MIB:,.0f}"))


def _grown(recording: Recording) -> float:
    """Return by how many MiB the process was larger at the end than at the first sample."""
    return (recording.last.rss_bytes - recording.samples[0].rss_bytes) / MIB


def _of_malloc(recording: Recording) -> tuple[list[int], list[int]]:
    """Return the heap and what of it was in use, sample for sample."""
    heap, in_use = [], []
    for sample in recording.samples:
        if sample.allocator is None or not sample.allocator.held_bytes:
            raise ValueError(f"{recording.variant}: recorded without glibc's malloc")
        heap.append(sample.allocator.held_bytes)
        in_use.append(sample.allocator.in_use_bytes)
    return heap, in_use
