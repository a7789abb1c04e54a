"""A day of the fleet, its pods by their uptime, and many days beside each other."""

from collections.abc import Mapping
from statistics import mean
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fleet.day.day import HOUR
from fleet.day.trace import EventKind, PodSample, Trace
from ghosts.plots.style import (
    FAULT,
    GAUGE,
    GHOSTS,
    LIMIT,
    MEMORY,
    OURS,
    PODS,
    STRAIGHTFORWARD,
    TCP,
    TEXT_SIZE,
    TITLE_SIZE,
    Figure,
    figure,
    finding,
    label_line_end,
    legible,
    mib_axis,
    write,
)

_SIZE: Final = TITLE_SIZE - 2
"""Size of a title where two columns stand side by side."""
_ROWS: Final = (1.0, 1.0, 1.5)
"""Heights of connections, pods and memory, relative to each other."""
_ABOVE: Final = 2.05
"""Times the limit of memory: the top of its axes, where the names of events stand."""
_EVENT_STEP: Final = 0.2
"""Times the limit: from one event's name up to the next."""
_RUNNING: Final = {**PODS.line, "linewidth": 6.0, "alpha": 0.45}
"""How Running pods are drawn, under the line of the desired ones."""
_ROLLOUT: Final = {**FAULT.area, "linewidth": 3.0, "alpha": 0.6}
"""How a rollout is drawn: visible also where it takes only minutes."""
_CLEAR: Final = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
"""The ground of words that would else stand on what is drawn."""
_MARKED: Final = (
    EventKind.EXHAUSTED,
    EventKind.KILLED,
    EventKind.OUT_OF_MEMORY,
    EventKind.EVICTED,
)
"""Events drawn as a line, the first of each kind with its name."""


def fleet_day(days: Mapping[str, Trace], *, room: Mapping[str, int], limit_mib: float) -> Figure:
    """Draw one or two days, by their names, a column each.

    From above: connections, the fleet's gauge against the connections with a device; pods, desired
    against Running and against those that there is ``room`` for, by the same names; and the memory
    of the largest pod against its limit, in MiB. Rollouts are shaded, restarts are dotted lines.
    Raises ValueError if there are not one or two days.
    """
    if len(days) not in (1, 2):
        raise ValueError(f"should be one or two days; got {len(days)}")
    columns = len(days)
    rows = {"height_ratios": _ROWS}
    fig, axes = figure(3, columns, sharex=True, sharey="row", height=7.0, gridspec_kw=rows)
    top = 1.25 * max(sample.gauge for trace in days.values() for sample in trace.samples)
    for column, (name, trace) in enumerate(days.items()):
        connections, pods, memory = axes[column::columns]
        connections.set(xlim=(0, 24), ylim=(0, top))
        pods.set_ylim(0, 1.2 * max(*room.values(), *(each.most_desired for each in days.values())))
        memory.set_ylim(0, _ABOVE * limit_mib)
        for ax in (connections, pods, memory):
            _mark_events(ax, trace)
        _connections(connections, name, trace)
        _pods(pods, trace, room[name])
        _memory(memory, trace, limit_mib)
    for ax, label in zip(axes[::columns], ("connections", "pods", None), strict=True):
        if label:
            ax.set_ylabel(label)
    mib_axis(axes[2 * columns], "memory (MiB)", per_mib=1)
    axes[columns].yaxis.set_major_locator(MaxNLocator(4, integer=True))
    for ax in axes[-columns:]:
        ax.set_xticks(range(0, 25, 4))
        ax.set_xlabel("hour of the day (simulated)")
    return fig


def _hours(trace: Trace) -> list[float]:
    return [sample.t / HOUR for sample in trace.samples]


def _mark_events(ax: Axes, trace: Trace) -> None:
    for first, last in trace.rollouts:
        ax.axvspan(first / HOUR, last / HOUR, zorder=0, **_ROLLOUT)
    for event in trace.events:
        if event.kind in _MARKED and event.kind is not EventKind.EXHAUSTED:
            ax.axvline(event.t / HOUR, color=LIMIT.color, linestyle=":", linewidth=1.2, alpha=0.7)


def _connections(ax: Axes, name: str, trace: Trace) -> None:
    hours = _hours(trace)
    gauge = [sample.gauge for sample in trace.samples]
    live = [sample.live for sample in trace.samples]
    ax.fill_between(hours, live, gauge, **GHOSTS.area)
    ax.plot(hours, gauge, **GAUGE.line)
    ax.plot(hours, live, **{**TCP.line, "linewidth": 1.8})
    how = {"fontweight": "bold", "color": legible(TCP.color), "ha": "right", "va": "center"}
    write(ax, 23.6, 0.45 * live[-1], "with a device", bbox=_CLEAR, **how)
    most = max(trace.samples, key=lambda sample: sample.ghosts)
    if most.ghosts:
        how |= {"color": legible(GAUGE.color), "ha": "left", "va": "baseline"}
        write(ax, 0.3, 1.08 * max(gauge), f"gauge: {max(gauge):,} at most", **how)
    words = f"{most.ghosts:,} ghosts at most" if most.ghosts else "no ghosts"
    finding(ax, f"{name}: {words}", _SIZE)


def _pods(ax: Axes, trace: Trace, room: int) -> None:
    hours = _hours(trace)
    desired = [sample.desired for sample in trace.samples]
    ax.plot(hours, [sample.running for sample in trace.samples], **_RUNNING)
    ax.plot(hours, desired, **STRAIGHTFORWARD.line)
    ax.axhline(room, **LIMIT.line)
    write(ax, 0.3, room, f"room for {room}", va="bottom")
    write(ax, 0.3, desired[0] - 1.5, "desired (dashed), Running (grey)", va="top")
    fewest, most = min(desired), trace.most_desired
    words = f"{fewest} to {most} pods" if fewest < most else f"{most} pods"
    pending = f", up to {trace.most_pending} Pending" if trace.most_pending else ""
    finding(ax, f"desired: {words}{pending}", _SIZE)


def _memory(ax: Axes, trace: Trace, limit_mib: float) -> None:
    largest = [max((pod.mib for pod in sample.pods), default=0.0) for sample in trace.samples]
    ax.plot(_hours(trace), largest, **MEMORY.line)
    ax.axhline(limit_mib, **LIMIT.line)
    write(ax, 0.3, 0.97 * limit_mib, f"limit {limit_mib:,.0f} MiB", va="top")
    firsts = {
        str(each.kind): each.t / HOUR for each in reversed(trace.events) if each.kind in _MARKED
    }
    if trace.rollouts:
        firsts["rollout"] = trace.rollouts[0][0] / HOUR
    places = sorted(firsts.items(), key=lambda each: each[1])
    for step, (words, hour) in enumerate(places):
        ax.axvline(hour, color=LIMIT.color, linestyle=":", linewidth=1.2, alpha=0.7)
        late = hour > 12
        x = hour - 0.3 if late else hour + 0.3
        y = (_ABOVE - 0.02 - _EVENT_STEP * step) * limit_mib
        how = {"va": "top", "ha": "right" if late else "left", "fontstyle": "italic"}
        write(ax, x, y, words, bbox=_CLEAR, **how)
    finding(ax, f"largest pod: {trace.largest_mib:,.0f} MiB at most", _SIZE)


def ghosts_by_uptime(days: Mapping[str, Trace], hour: float) -> Figure:
    """Draw one or two days, by their names, at one hour: a point for each pod that runs.

    Its uptime, in hours, is on the x axis, its ghosts on the y axis. Raises ValueError if there are
    not one or two days.
    """
    if len(days) not in (1, 2):
        raise ValueError(f"should be one or two days; got {len(days)}")
    fig, (ax,) = figure(height=6.5)
    drawn: list[PodSample] = []
    details = []
    for (name, trace), look in zip(days.items(), (GHOSTS, TCP), strict=False):
        pods = trace.at(hour).pods
        hours = [pod.uptime / HOUR for pod in pods]
        ghosts = [pod.ghosts for pod in pods]
        ax.plot(hours, ghosts, **{**look.points, "alpha": 0.75}, label=name)
        drawn += pods
        details.append(
            f"{name}: {len(pods)} pods, of {min(ghosts, default=0)} to {max(ghosts, default=0)} "
            f"ghosts each, up for {min(hours, default=0):.0f} to {max(hours, default=0):.0f} hours"
        )
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=-0.03 * max(1, *(pod.ghosts for pod in drawn)))
    ax.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 4, 10], integer=True))
    ax.set_xlabel(f"uptime of the pod at hour {hour:g} of the day (hours)")
    ax.set_ylabel("ghosts of the pod")
    ax.legend(loc="upper left", fontsize=TEXT_SIZE, frameon=False)
    finding(ax, _by_uptime(drawn))
    fig.details = details
    return fig


def _by_uptime(pods: list[PodSample]) -> str:
    """Return the finding: the mean of the pods that run longest, and that of the others."""
    if not any(pod.ghosts for pod in pods):
        return "No pod has a ghost, whatever its uptime"
    longest = max(pod.uptime for pod in pods)
    old = mean(pod.ghosts for pod in pods if pod.uptime == longest)
    young = [pod.ghosts for pod in pods if pod.uptime < longest]
    hours = f"{longest / HOUR:.0f} hours"
    if not young:
        return f"All pods have run for {hours}: {old:.0f} ghosts on average"
    finds = "Ghosts grow with a pod's uptime; a restart hides them"
    if old <= mean(young):
        finds = "Ghosts do not grow with a pod's uptime"
    return f"{finds}:\n{old:.0f} on average after {hours}, {mean(young):.0f} in younger pods"


def fleet_sweep(sweeps: Mapping[str, Mapping[float, Trace]], label: str) -> Figure:
    """Draw days that differ in one number: pods on the left, ghosts on the right.

    ``sweeps`` are up to two rows of days, by their names; ``label`` is the axis label of the
    number. The desired pods are those of the last row.
    """
    fig, (pods, ghosts) = figure(1, 2, height=5.6)
    lines = []
    at_most: dict[Axes, list[str]] = {pods: [], ghosts: []}
    for (name, days), look in zip(sweeps.items(), (PODS, OURS), strict=False):
        running = [max(each.running for each in day.samples) for day in days.values()]
        most = [day.most_ghosts for day in days.values()]
        for ax, values in ((pods, running), (ghosts, most)):
            drawn = {**look.line, "marker": look.marker, "markersize": 8}
            (line,) = ax.plot(list(days), values, **drawn)
            lines.append((ax, line, f"{name} {values[-1]:,}"))
            at_most[ax].append(f"{name} {max(values):,}")
    last = list(sweeps.values())[-1]
    numbers, desired = list(last), [day.most_desired for day in last.values()]
    pods.plot(numbers, desired, **STRAIGHTFORWARD.line)
    x, y = (sum(values[-2:]) / 2 for values in (numbers, desired))
    write(pods, x, y, "desired ", ha="right", va="bottom")
    for ax in (pods, ghosts):
        ax.set_xticks(numbers)
        ax.set_xlabel(label)
        ax.set_ylim(bottom=0)
    pods.set_ylabel("Running pods, at most")
    ghosts.set_ylabel("ghosts, at most")
    finding(pods, f"Pods: {', '.join(at_most[pods])}", _SIZE)
    finding(ghosts, f"Ghosts: {', '.join(at_most[ghosts])}", _SIZE)
    fig.draw_without_rendering()  # names are kept apart by where the lines end
    for ax, line, name in lines:
        label_line_end(ax, line, name)
    return fig
