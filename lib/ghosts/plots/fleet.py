"""A day of the fleet, and many days beside each other."""

import textwrap
from collections.abc import Mapping
from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ghosts.capacity.fleet import Diary, EventKind
from ghosts.capacity.fleet.day import HOUR
from ghosts.plots.style import (
    GAUGE,
    GHOSTS,
    LIMIT,
    MEMORY,
    OURS,
    PODS,
    STRAIGHTFORWARD,
    TCP,
    TITLE_SIZE,
    Figure,
    count,
    figure,
    finding,
    label_line_end,
    legible,
    mib_axis,
    write,
)

_SIZE: Final = TITLE_SIZE - 2
"""Of a title: those of two columns stand side by side."""
_EVENT_LETTERS: Final = 12
"""As many of an event's name stand in a line."""
_RUNNING: Final = {**PODS.line, "linewidth": 6.0, "alpha": 0.45}
"""How pods that run are drawn, under the line of those that are asked for."""


def fleet_day(days: Mapping[str, Diary], *, room: Mapping[str, int], limit_mib: float) -> Figure:
    """Draw one or two days, by their names, a column each.

    From above: connections, the fleet's gauge against those behind which there is a device; pods,
    those asked for against those that run and those that there is ``room`` for, by the same names;
    and the memory of the largest pod against its limit, in MiB. Raises ValueError if there are not
    one or two.
    """
    if len(days) not in (1, 2):
        raise ValueError(f"should be one or two days; got {len(days)}")
    columns = len(days)
    fig, axes = figure(3, columns, sharex=True, sharey="row", height=11.0)
    top = 1.25 * max(look.gauge for diary in days.values() for look in diary.looks)
    for column, (name, diary) in enumerate(days.items()):
        connections, pods, memory = axes[column::columns]
        connections.set(xlim=(0, 24), ylim=(0, top))
        pods.set_ylim(0, 1.2 * max(*room.values(), *(each.most_asked for each in days.values())))
        memory.set_ylim(0, 1.2 * limit_mib)
        _connections(connections, name, diary)
        _pods(pods, diary, room[name])
        _memory(memory, diary, limit_mib)
    for ax, label in zip(axes[::columns], ("connections", "pods", None), strict=True):
        if label:
            ax.set_ylabel(label)
    mib_axis(axes[2 * columns], "memory of the largest pod (MiB)", per_mib=1)
    axes[columns].yaxis.set_major_locator(MaxNLocator(integer=True))
    for ax in axes[-columns:]:
        ax.set_xticks(range(0, 25, 4))
        ax.set_xlabel("hour of the day (simulated)")
    return fig


def _hours(diary: Diary) -> list[float]:
    return [look.t / HOUR for look in diary.looks]


def _connections(ax: Axes, name: str, diary: Diary) -> None:
    hours = _hours(diary)
    gauge = [look.gauge for look in diary.looks]
    live = [look.live for look in diary.looks]
    ax.fill_between(hours, live, gauge, **GHOSTS.area)
    ax.plot(hours, gauge, **GAUGE.line)
    ax.plot(hours, live, **{**TCP.line, "linewidth": 1.8})
    bold = {"fontweight": "bold", "color": legible(TCP.color)}
    write(ax, 23.6, 0.6 * live[-1], "with a device", ha="right", **bold)
    most = max(diary.looks, key=lambda look: look.ghosts)
    if most.ghosts:
        x = most.t / HOUR
        bold["color"] = legible(GAUGE.color)
        write(ax, x - 0.3, 1.06 * max(gauge), f"gauge {max(gauge)}", ha="right", **bold)
        bold["color"] = legible(GHOSTS.color)
        write(ax, x + 0.5, most.live + most.ghosts / 2, count(most.ghosts, "ghost"), **bold)
    words = f"{most.ghosts} ghosts at most" if most.ghosts else "no ghosts"
    finding(ax, f"{name}: {words}", _SIZE)


def _pods(ax: Axes, diary: Diary, room: int) -> None:
    hours = _hours(diary)
    asked = [look.asked for look in diary.looks]
    ax.plot(hours, [look.running for look in diary.looks], **_RUNNING)
    ax.plot(hours, asked, **STRAIGHTFORWARD.line)
    ax.axhline(room, **LIMIT.line)
    write(ax, 0.3, room, f"room for {room}", va="bottom")
    write(ax, 0.3, asked[0] - 1.5, "asked for (dashed), and running", va="top")
    words = f"{min(asked)} to {max(asked)} pods" if min(asked) < max(asked) else f"{asked[0]} pods"
    waiting = f", of which {diary.most_pending} wait" if diary.most_pending else ""
    finding(ax, f"asked for: {words}{waiting}", _SIZE)


def _memory(ax: Axes, diary: Diary, limit_mib: float) -> None:
    ax.plot(_hours(diary), [look.largest_mib for look in diary.looks], **MEMORY.line)
    ax.axhline(limit_mib, **LIMIT.line)
    write(ax, 0.3, limit_mib, f"limit {limit_mib:,.0f} MiB", va="bottom")
    first = {event.kind: event for event in reversed(diary.events)}
    for kind, event in first.items():
        if kind is not EventKind.UNREADY:
            hour = event.t / HOUR
            ax.axvline(hour, ymax=0.8, color=LIMIT.color, linestyle=":", linewidth=1.5)
            words = textwrap.fill(kind, _EVENT_LETTERS)
            write(ax, hour + 0.3, 0.93 * limit_mib, words, va="top", fontstyle="italic")
    finding(ax, f"largest pod: {diary.largest_mib:,.0f} MiB at most", _SIZE)


def fleet_sweep(sweeps: Mapping[str, Mapping[int, Diary]], label: str) -> Figure:
    """Draw what becomes of days that differ in one number: pods on the left, ghosts on the right.

    ``sweeps`` are up to two such rows of days, by their names; ``label`` says what the number is.
    The pods that are asked for are those of the last row.
    """
    fig, (pods, ghosts) = figure(1, 2, height=5.6)
    lines = []
    at_most: dict[Axes, list[str]] = {pods: [], ghosts: []}
    for (name, days), look in zip(sweeps.items(), (PODS, OURS), strict=False):
        running = [max(each.running for each in day.looks) for day in days.values()]
        most = [day.most_ghosts for day in days.values()]
        for ax, values in ((pods, running), (ghosts, most)):
            drawn = {**look.line, "marker": look.marker, "markersize": 8}
            (line,) = ax.plot(list(days), values, **drawn)
            lines.append((ax, line, f"{name} {values[-1]}"))
            at_most[ax].append(f"{name} {max(values)}")
    last = list(sweeps.values())[-1]
    numbers, asked = list(last), [day.most_asked for day in last.values()]
    pods.plot(numbers, asked, **STRAIGHTFORWARD.line)
    x, y = (sum(values[-2:]) / 2 for values in (numbers, asked))
    write(pods, x, y, "asked for ", ha="right", va="bottom")
    for ax in (pods, ghosts):
        ax.set_xticks(numbers)
        ax.set_xlabel(label)
        ax.set_ylim(bottom=0)
    pods.set_ylabel("pods that run, at most")
    ghosts.set_ylabel("ghosts, at most")
    finding(pods, f"Pods: {', '.join(at_most[pods])}", _SIZE)
    finding(ghosts, f"Ghosts: {', '.join(at_most[ghosts])}", _SIZE)
    fig.draw_without_rendering()  # names are kept apart by where the lines end
    for ax, line, name in lines:
        label_line_end(ax, line, name)
    return fig
