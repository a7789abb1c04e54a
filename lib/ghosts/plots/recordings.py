"""What the pictures of recordings share: names, titles, scale, faults, and the areas they shade."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes

from ghosts.config import STORAGE_WORKERS
from ghosts.plots.fault_names import shade_fault
from ghosts.plots.style import (
    DRAINING,
    GHOSTS,
    HALF_OPEN,
    LABEL_SIZE,
    TITLE_LETTERS,
    TITLE_SIZE,
    columns_beside,
    crowded,
    finding,
)
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL

MIB = 2**20
_NAME_LETTERS = 8
"""As many of a line's name stand on one line where there are more."""


def names_of(recordings: Sequence[Recording]) -> list[str]:
    """Name each by its variant, and by its scenario too where the variant is there twice."""
    variants = [recording.variant for recording in recordings]
    return [
        name if variants.count(name) == 1 else f"{name} in {recording.scenario.name}"
        for name, recording in zip(variants, recordings, strict=True)
    ]


def scale_of(recordings: Sequence[Recording]) -> float:
    """Return the fraction of production's bytes; raise ValueError if it is not the same in all."""
    (scale, *others) = {recording.scale for recording in recordings}
    if others:
        raise ValueError("bytes of recordings at different scales cannot be compared")
    return scale


def mib_at(scale: float) -> str:
    """Return the unit of an axis of memory or audio, and the scale if it is not the full one."""
    return "MiB" if scale == FULL else "MiB, at a tenth of production's bytes"


def end_name(ax: Axes, name: str) -> str:
    """Break a name at the end of a line where there is no room for it on one."""
    return textwrap.fill(name, _NAME_LETTERS, break_long_words=False) if crowded(ax) else name


def headline(ax: Axes, *phrases: str) -> None:
    """Put the phrases on one line where they fit, else on a line each.

    In a crowd they are smaller, and the name that they begin with has a line of its own, so that
    neighbours' titles match line by line.
    """
    size = LABEL_SIZE if crowded(ax) else TITLE_SIZE
    letters = TITLE_LETTERS * TITLE_SIZE // size // columns_beside(ax)
    title = ", ".join(phrases)
    if crowded(ax):
        name, _, first = phrases[0].partition(": ")
        said = (textwrap.fill(phrase, letters) for phrase in (first, *phrases[1:]))
        title = f"{name}:\n" + ",\n".join(said)
    elif len(title) > letters:
        title = ",\n".join(textwrap.fill(phrase, letters) for phrase in phrases)
    finding(ax, title, size)


def shade_faults(ax: Axes, recording: Recording, least_share: float = 0.0) -> None:
    """Shade the faults that begin at a time, with the share of calls that fail if not all do.

    Those of a lower share than the least are left out.
    """
    for fault in recording.scenario.faults:
        if fault.start != "departure" and fault.share >= least_share:
            end = recording.last.t if fault.end is None else fault.end
            backend, mode = (name.replace("_", " ") for name in (fault.backend, fault.mode))
            phrases = [f"{backend}:", mode]
            if fault.share < 1:
                phrases = [f"{backend}:", f"{mode},", f"{100 * fault.share:.3g} % of calls"]
            shade_fault(ax, fault.start, end, *phrases)


def shade_the_gap(ax: Axes, recording: Recording) -> None:
    """Shade what lies between gauge and TCP: draining sessions pale, ghosts hatched."""
    seconds = [sample.t for sample in recording.samples]
    gauge = [sample.gauge for sample in recording.samples]
    tcp = [sample.tcp for sample in recording.samples]
    others = [sample.gauge - sample.ghosts for sample in recording.samples]
    ax.fill_between(seconds, tcp, [*map(max, tcp, others)], **DRAINING.area)
    ax.fill_between(seconds, others, gauge, **GHOSTS.area)


def shade_half_open(ax: Axes, recording: Recording) -> None:
    """Shade the half-open among the TCP connections, if there ever are any, just below TCP."""
    if any(sample.half_open for sample in recording.samples):
        seconds = [sample.t for sample in recording.samples]
        tcp = [sample.tcp for sample in recording.samples]
        others = [sample.tcp - sample.half_open for sample in recording.samples]
        ax.fill_between(seconds, others, tcp, **HALF_OPEN.area)


def all_blocked_at(recording: Recording) -> float | None:
    """Return the second of the first sample with every upload worker blocked, None without one."""
    return next(
        (each.t for each in recording.samples if each.workers_blocked >= STORAGE_WORKERS), None
    )
