"""Both services of a replay through listen, one above the other."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from matplotlib.axes import Axes

from ghosts.plots.fault_names import settle_fault_names
from ghosts.plots.recordings import shade_faults
from ghosts.plots.style import (
    DRAINING,
    GAUGE,
    GHOSTS,
    TCP,
    TITLE_SIZE,
    Figure,
    count,
    figure,
    finding,
    has,
    label_end,
    label_line_end,
    minutes_axis,
)
from ghosts.records.recording import Recording, Sample
from ghosts.records.snapshot import Snapshot

_SIZE: Final = TITLE_SIZE - 2
"""Of a title: two phrases of it stand beside those of a neighbour."""
_ROOM_FOR_A_NAME: Final = 0.15
"""Of an axis: the least height of an area that its name stands beside."""


class _Service(NamedTuple):
    name: str
    of: Callable[[Sample], Snapshot]


def _listening(sample: Sample) -> Snapshot:
    assert sample.listen is not None
    return sample.listen


_LISTEN: Final = _Service("listen", _listening)
_PUSHER: Final = _Service("pusher", lambda sample: sample)
_SERVICES: Final = (_LISTEN, _PUSHER)


class _Deviceless(NamedTuple):
    """The sessions of one service that have no device."""

    ghosts: int
    """Ghosts of this service."""
    serving_ghosts: int
    """Sessions of the pusher whose connection to it is open, kept so by ghosts of listen."""
    draining: int
    """The others: they, or the session of listen at their other end, are draining."""

    @property
    def hatched(self) -> int:
        """Those that a ghost keeps, of this service or of listen."""
        return self.ghosts + self.serving_ghosts

    @property
    def total(self) -> int:
        return self.hatched + self.draining

    @property
    def parts(self) -> list[str]:
        """Return how many there are of each kind, those that there are none of left out."""
        named = (
            (self.ghosts, count(self.ghosts, "ghost")),
            (self.serving_ghosts, f"{count(self.serving_ghosts, 'ghost')}\nof listen"),
            (self.draining, f"{self.draining} draining"),
        )
        return [name for number, name in named if number]


def both_gauges(*recordings: Recording) -> Figure:
    """Draw gauge and TCP connections of listen, and below it of the pusher, a column a recording.

    Shaded are the sessions without a device. Those that a ghost keeps, of the same service or of
    listen, are hatched; those that are draining are pale. The pusher's gauge and TCP connections do
    not show which of its sessions a ghost of listen keeps: a device's only TCP connection is that
    to listen. Raises ValueError if there are not one or two recordings, or if one is not of a
    replay through listen.
    """
    if len(recordings) not in (1, 2):
        raise ValueError(f"should be one or two recordings; got {len(recordings)}")
    for recording in recordings:
        if any(sample.listen is None for sample in recording.samples):
            raise ValueError(
                f"{recording.scenario.name}, {recording.variant}: its devices did not come "
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
        name = [recording.variant] if service is _LISTEN else []
        finding(ax, "\n".join([*name, said]), _SIZE)
    for ax in axes[-len(recordings) :]:
        minutes_axis(ax)
    for ax in axes[:: len(recordings)]:
        ax.set_ylabel("connections")
    settle_fault_names(fig)
    return fig


def _deviceless(service: _Service, sample: Sample) -> _Deviceless:
    own, listen = service.of(sample), _listening(sample)
    open_ones = max(0, own.tcp - listen.tcp)
    serving_ghosts = min(open_ones, listen.ghosts) if service is _PUSHER else 0
    lost = max(0, own.gauge - own.tcp)
    draining = max(0, lost - own.ghosts) + open_ones - serving_ghosts
    return _Deviceless(own.ghosts, serving_ghosts, draining)


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
    alone = [_deviceless(service, sample) for sample in recording.samples]
    hatched_from = [top - each.hatched for top, each in zip(gauge, alone, strict=True)]
    pale_from = [top - each.draining for top, each in zip(hatched_from, alone, strict=True)]
    ax.fill_between(seconds, pale_from, hatched_from, **DRAINING.area)
    ax.fill_between(seconds, hatched_from, gauge, **GHOSTS.area)
    lines = [ax.plot(seconds, gauge, **GAUGE.line)[0], ax.plot(seconds, tcp, **TCP.line)[0]]
    for line, name in zip(lines, (f"gauge {gauge[-1]}", f"TCP {tcp[-1]}"), strict=True):
        label_line_end(ax, line, name)
    at_end = alone[-1]
    if at_end.total > _ROOM_FOR_A_NAME * ax.get_ylim()[1]:
        said = f"{at_end.total} without\na device:\n" + ",\n".join(at_end.parts)
        middle = (pale_from[-1] + gauge[-1]) / 2
        label_end(ax, seconds[-1], middle, said, GHOSTS.color)
    shade_faults(ax, recording)


def _finding(service: _Service, recording: Recording) -> tuple[str, ...]:
    """Say in phrases whether the two agree in the end, and whether that means anything."""
    last = service.of(recording.last)
    if last.gauge != last.tcp:
        ghosts = f": {count(last.ghosts, 'ghost')}" if last.ghosts else ""
        return (f"{service.name}: gauge {last.gauge}, TCP {last.tcp}{ghosts}",)
    agree = f"{service.name}: gauge and TCP agree on {last.gauge}"
    alone = _deviceless(service, recording.last).total
    if not alone:
        return (agree,)
    return agree, f"and {alone} of them {has(alone)} no device"
