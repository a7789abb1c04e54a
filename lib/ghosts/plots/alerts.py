"""Alerts that fire in a replay: on gauge and TCP connections, and on the dashboard."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from matplotlib.axes import Axes

from ghosts.plots.fault_names import settle_fault_names
from ghosts.plots.recordings import shade_faults, shade_the_gap
from ghosts.plots.style import (
    GAUGE,
    GHOSTS,
    LABEL_SIZE,
    LIMIT,
    MEMORY,
    OURS,
    PODS,
    STORED,
    STRAIGHTFORWARD,
    TCP,
    TITLE_LETTERS,
    Figure,
    Look,
    count,
    figure,
    finding,
    finding_of_all,
    label_line_end,
    mib_axis,
    minutes_axis,
    write,
)
from ghosts.records.recording import Recording, Sample

if TYPE_CHECKING:
    from ghosts.alerts import Alert
    from ghosts.alerts.dashboard import Panel

_BY_COLOR: Final[dict[str | None, Look]] = {
    look.color: look for look in (GAUGE, TCP, GHOSTS, MEMORY)
}
_PALETTE: Final = (STORED.color, OURS.color, STRAIGHTFORWARD.color)
_MOST_PANELS: Final = 3
"""As many fit on a screen."""


def alert_in_time(recording: Recording, alert: "Alert") -> Figure:
    """Draw gauge and TCP connections of a replay of the pusher, and the moment of an alert.

    Faults of a share of the calls are left out. Raises ValueError if the alert did not fire.
    """
    at = _fired(alert)
    sample = next(each for each in recording.samples if each.t >= at)
    last = recording.last
    fig, (ax,) = figure(height=5.6)
    seconds = [each.t for each in recording.samples]
    for look, values in ((GAUGE, _gauge(recording.samples)), (TCP, _tcp(recording.samples))):
        ax.plot(seconds, values, **look.line)
    shade_the_gap(ax, recording)
    top = max(*_gauge(recording.samples), *_tcp(recording.samples), 1)
    ax.set_xlim(0, recording.last.t)
    ax.set_ylim(-0.04 * top, 1.25 * top)
    ax.axvline(at, **LIMIT.line)
    ghosts = count(sample.ghosts, "ghost")
    write(ax, at, 0.62 * top, f"  {alert.name} fires at minute {at / 60:.3g}:\n  {ghosts} by then")
    shade_faults(ax, recording, least_share=1.0)
    minutes_axis(ax)
    ax.set_ylabel("connections")
    for line, name in zip(ax.lines, (f"gauge {last.gauge}", f"TCP {last.tcp}"), strict=False):
        label_line_end(ax, line, name)
    hours = (recording.last.t - at) / 3600
    title = f"The alert fires with {ghosts}, {hours:.1f} hours before the gauge reads {last.gauge}"
    finding(ax, textwrap.fill(title, TITLE_LETTERS))
    settle_fault_names(fig)
    return fig


def dashboard(panels: Sequence["Panel"], alerts: Sequence["Alert"] = ()) -> Figure:
    """Draw panels of the dashboard one above the other, and where each alert fired.

    Raises ValueError if there are not one to three panels, or if an alert did not fire.
    """
    if not 1 <= len(panels) <= _MOST_PANELS:
        raise ValueError(f"should be one to {_MOST_PANELS} panels; got {len(panels)}")
    fig, axes = figure(len(panels), sharex=True, height=1.2 + 1.9 * len(panels))
    for ax, panel in zip(axes, panels, strict=True):
        _draw(ax, panel)
        for alert in alerts:
            ax.axvline(_fired(alert), **LIMIT.line)
    minutes_axis(axes[-1])
    fired = [f"{each.name} fires at minute {_fired(each) / 60:.3g}" for each in alerts]
    finding_of_all(fig, ", ".join(fired) or "No alert fires")
    return fig


def _draw(ax: Axes, panel: "Panel") -> None:
    for number, line in enumerate(panel.lines):
        look = _BY_COLOR.get(line.color, PODS)
        ax.plot(panel.seconds, line.values, **look.line, drawstyle="steps-post")
        if line.color not in _BY_COLOR:
            ax.lines[-1].set_color(_PALETTE[number % len(_PALETTE)])
    highest = max(value for line in panel.lines for value in line.values if value == value)
    top = max(1.0, highest)
    ax.set_xlim(0, panel.seconds[-1])
    ax.set_ylim(-0.08 * top, 1.25 * top)
    if panel.unit == "bytes":
        mib_axis(ax, "MiB")
    elif panel.unit == "s":
        ax.set_ylabel("seconds")
    for drawn, line in zip(list(ax.lines), panel.lines, strict=True):
        last = next(value for value in reversed(line.values) if value == value)
        shown = f"{last / 2**20:,.0f} MiB" if panel.unit == "bytes" else f"{last:.3g}"
        label_line_end(ax, drawn, f"{line.name}: {shown}")
    finding(ax, panel.title, LABEL_SIZE)


def _fired(alert: "Alert") -> float:
    if alert.fired_at is None:
        raise ValueError(f"{alert.name} did not fire")
    return alert.fired_at


def _gauge(samples: Sequence[Sample]) -> list[int]:
    return [sample.gauge for sample in samples]


def _tcp(samples: Sequence[Sample]) -> list[int]:
    return [sample.tcp for sample in samples]
