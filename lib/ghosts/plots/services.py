"""Both services of a replay through listen, one above the other."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from matplotlib.axes import Axes

from ghosts.plots.style import (
    GAUGE,
    GHOSTS,
    TCP,
    TITLE_SIZE,
    Figure,
    count,
    figure,
    finding,
    label_line_end,
    legible,
    minutes_axis,
    shade_fault,
    write,
)
from ghosts.records.recording import Recording, Sample
from ghosts.records.snapshot import Snapshot

_SIZE: Final = TITLE_SIZE - 2
"""Of a title: two phrases of it stand beside those of a neighbour."""
_FAULT_LETTERS: Final = 88
"""As many of a fault's name stand within axes that take a whole figure."""
_ROOM_FOR_A_NAME: Final = 0.15
"""Of an axis: the least height of an area that its name stands beside."""


class _Service(NamedTuple):
    name: str
    of: Callable[[Sample], Snapshot]


def _listening(sample: Sample) -> Snapshot:
    assert sample.listen is not None
    return sample.listen


_SERVICES: Final = (_Service("listen", _listening), _Service("pusher", lambda sample: sample))


def both_gauges(*recordings: Recording) -> Figure:
    """Draw gauge and TCP connections of listen, and below it of the pusher, a column a recording.

    Hatched are the sessions that no device is behind: those beyond the TCP connections of listen,
    for a device has no other. The pusher's own two figures do not tell of them. Raises ValueError
    if there are not one or two recordings, or if one is not of a replay through listen.
    """
    if len(recordings) not in (1, 2):
        raise ValueError(f"should be one or two recordings; got {len(recordings)}")
    for recording in recordings:
        if any(sample.listen is None for sample in recording.samples):
            raise ValueError(
                f"{recording.scenario.name}, {recording.lifecycle}: its devices did not come "
                "through listen"
            )
    fig, axes = figure(2, len(recordings), sharex=True, sharey=True, height=8.6)
    panels = [(service, recording) for service in _SERVICES for recording in recordings]
    axes[0].set_xlim(0, max(recording.last.t for recording in recordings))
    axes[0].set_ylim(*_limits(panels))
    for ax, (service, recording) in zip(axes, panels, strict=True):
        _draw(ax, service, recording)
        phrases = _finding(service, recording)
        said = (", " if len(recordings) == 1 else ",\n").join(phrases)
        name = [recording.lifecycle] if service.name == _SERVICES[0].name else []
        finding(ax, "\n".join([*name, said]), _SIZE)
    for ax in axes[-len(recordings) :]:
        minutes_axis(ax)
    for ax in axes[:: len(recordings)]:
        ax.set_ylabel("connections")
    return fig


def _limits(panels: Sequence[tuple[_Service, Recording]]) -> tuple[float, float]:
    top = max(
        max(service.of(sample).gauge, service.of(sample).tcp)
        for service, recording in panels
        for sample in recording.samples
    )
    return -0.04 * max(1, top), 1.45 * max(1, top)


def _draw(ax: Axes, service: _Service, recording: Recording) -> None:
    """Draw one service of one recording, on axes whose limits are set."""
    seconds = [sample.t for sample in recording.samples]
    gauge = [service.of(sample).gauge for sample in recording.samples]
    tcp = [service.of(sample).tcp for sample in recording.samples]
    devices = [_listening(sample).tcp for sample in recording.samples]
    ax.fill_between(seconds, devices, [*map(max, devices, gauge)], **GHOSTS.area)
    lines = [ax.plot(seconds, gauge, **GAUGE.line)[0], ax.plot(seconds, tcp, **TCP.line)[0]]
    for line, name in zip(lines, (f"gauge {gauge[-1]}", f"TCP {tcp[-1]}"), strict=True):
        label_line_end(ax, line, name)
    alone = gauge[-1] - devices[-1]
    if alone > _ROOM_FOR_A_NAME * ax.get_ylim()[1]:
        how = {"color": legible(GHOSTS.color), "va": "center", "fontweight": "bold"}
        ghosts = _listening(recording.last).ghosts
        draining = f",\n  {alone - ghosts} draining" if alone > ghosts else ""
        said = f"  {alone} without\n  a device:\n  {count(ghosts, 'ghost')}{draining}"
        write(ax, seconds[-1], devices[-1] + alone / 2, said, **how)
    _shade_faults(ax, recording)


def _shade_faults(ax: Axes, recording: Recording) -> None:
    """Shade the faults that begin at a time, their names broken to stay within the axes."""
    columns = len(ax.figure.axes) / len(_SERVICES)
    end_of_all = ax.get_xlim()[1]
    for fault in recording.scenario.faults:
        if fault.start != "departure":
            end = recording.last.t if fault.end is None else fault.end
            room = int(_FAULT_LETTERS / columns * (1 - fault.start / end_of_all))
            name = f"{fault.backend}: {fault.mode}".replace("_", " ")
            shade_fault(
                ax, fault.start, end, textwrap.fill(name, max(room, 1), break_long_words=False)
            )


def _finding(service: _Service, recording: Recording) -> tuple[str, ...]:
    """Say in phrases whether the two agree in the end, and whether that means anything."""
    last = service.of(recording.last)
    if last.gauge != last.tcp:
        ghosts = f": {count(last.ghosts, 'ghost')}" if last.ghosts else ""
        return (f"{service.name}: gauge {last.gauge}, TCP {last.tcp}{ghosts}",)
    agree = f"{service.name}: gauge and TCP agree on {last.gauge}"
    alone = last.tcp - _listening(recording.last).tcp
    if alone <= 0:
        return (agree,)
    return agree, f"and {alone} of them serve{'s' if alone == 1 else ''} nobody"
