"""The tasks of one session of listen, and what each waits for."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from ghosts.plots.style import (
    FAINT,
    GAUGE,
    INK,
    TEXT_SIZE,
    Figure,
    Look,
    count,
    figure,
    finding_of_all,
    has,
    write,
)
from ghosts.records.waits import DEVICE, PUSHER, SessionWaits, State, TaskWait

_HANDLER: Final = "handler"
_NOW: Final = Look(color=INK, linewidth=1.6)
_LATER: Final = Look(color=FAINT, linewidth=1.4, linestyle=":")
_STUCK: Final = Look(color=GAUGE.color, linewidth=4.0)
_ENDED: Final = "#bdbdbd"

_COLUMNS: Final[Mapping[str, tuple[float, float]]] = {
    DEVICE: (0.0, 10.0),
    _HANDLER: (15.0, 32.5),
    "task": (41.0, 80.5),
    "asked": (87.5, 100.0),
}
"""From where to where each goes, in hundredths of the width."""
_WAITS_AT: Final = 62.0
_LETTERS: Final = {DEVICE: 9, _HANDLER: 15, "asked": 9}
"""As many fit on a line of a box."""
_HALF: Final = 0.37
"""Of a row: from the middle of a box that is one line high to its edge."""
_TWO_LINES: Final = 0.57
"""The same of a box that is two lines high."""
_TOLD: Final = 2
"""As many of the tasks that keep a ghost alive are named in the title."""
_APART: Final = 1.5
"""Rows between the middles of those that are asked, at least."""


class _Box(NamedTuple):
    """Where a node stands: from left to right, and from top to bottom in rows."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class _Wait:
    """An arrow from what waits to what it waits for."""

    waiting: str
    awaited: str
    look: Look


def tasks(session: SessionWaits) -> Figure:
    """Draw one session of listen: an arrow leads from each task to what it waits for.

    ``session`` is one of those that ``ghosts.observation.waits.session_waits`` reads. A solid arrow
    is a wait of this moment, a dotted one leads to what a task asks at a later poll. Tasks that
    have ended are pale. Of a ghost, the chain that keeps it alive is thick. Raises ValueError if
    the session has no tasks.
    """
    if not session.tasks:
        raise ValueError(f"{session.uid} has no tasks to draw")
    rows = len(session.tasks)
    fig, (ax,) = figure(height=0.45 * rows + 2.8)
    ax.set(xlim=(-0.4, 100.4), ylim=(rows + 0.75, -1.0))
    ax.set_axis_off()
    boxes = _boxes(session)
    waits = [*_waits(session)]
    _name_the_columns(ax)
    for wait in waits:
        _draw_arrow(ax, wait, boxes, session)
    _draw_ends(ax, session, boxes, waits)
    for task in session.tasks:
        _draw_task(ax, task, boxes[task.name], waits)
    _explain(ax, waits)
    finding_of_all(fig, _finding(session))
    fig.details = [
        f"The handler {session.handler}",
        *(f"{task.name}: {_waits_for(task)}" for task in session.tasks),
    ]
    return fig


def _boxes(session: SessionWaits) -> dict[str, _Box]:
    """Say where everything stands: tasks in their order, those that they ask level with them."""
    rows = {task.name: row for row, task in enumerate(session.tasks)}
    boxes = {name: _Box(*_COLUMNS["task"], row - _HALF, row + _HALF) for name, row in rows.items()}
    last = len(rows) - 1
    of_device = [rows[task.name] for task in session.tasks if DEVICE in task.asks] or [0]
    boxes[DEVICE] = _Box(*_COLUMNS[DEVICE], of_device[0] - _HALF, of_device[-1] + _HALF)
    boxes[_HANDLER] = _Box(*_COLUMNS[_HANDLER], 0.3 * last, 0.8 * last)
    middle = -_APART
    for name in _asked(session):
        asking = [rows[task.name] for task in session.tasks if name in task.asks]
        middle = max(middle + _APART, sum(asking) / len(asking))
        boxes[name] = _Box(*_COLUMNS["asked"], middle - _TWO_LINES, middle + _TWO_LINES)
    return boxes


def _asked(session: SessionWaits) -> list[str]:
    """Return what the tasks ask besides the device, in the order of the tasks."""
    everybody = chain.from_iterable(task.asks for task in session.tasks)
    return [name for name in dict.fromkeys(everybody) if name != DEVICE]


def _waits(session: SessionWaits) -> Iterator[_Wait]:
    """Yield each wait; those of a ghost's handler last, so that they are on top."""
    stuck = session.awaited if session.state is State.GHOST else ()
    alive = sorted((task for task in session.tasks if task.alive), key=lambda t: t.name in stuck)
    for task in alive:
        now = _STUCK if task.name in stuck else _NOW
        for asked in task.asks:
            if task.asking == asked:
                yield _Wait(task.name, asked, now)
            elif task.name not in stuck:
                yield _Wait(task.name, asked, _LATER)
    for name in session.awaited:
        yield _Wait(_HANDLER, name, _STUCK if stuck else _NOW)
    if session.linked:
        yield _Wait(PUSHER, _HANDLER, _STUCK if stuck else _NOW)


def _name_the_columns(ax: Axes) -> None:
    names = {
        _COLUMNS[_HANDLER][0]: "handler",
        _COLUMNS["task"][0] + 1: "its tasks",
        _WAITS_AT: "waits for",
        _COLUMNS["asked"][0]: "whom it asks",
    }
    for x, name in names.items():
        write(ax, x, -0.72, name, color=FAINT, fontstyle="italic", va="center")


def _draw_arrow(ax: Axes, wait: _Wait, boxes: Mapping[str, _Box], session: SessionWaits) -> None:
    start, end = boxes[wait.waiting], boxes[wait.awaited]
    if wait.waiting == PUSHER:
        below = len(session.tasks) + 0.25
        x, to = (start.left + start.right) / 2, (end.left + end.right) / 2
        corners = [(x, start.bottom), (x, below), (to, below), (to, end.bottom)]
        words = "the pusher's session lasts until the handler has hung up"
        write(ax, (x + to) / 2, below - 0.12, words, ha="center", va="bottom")
    elif wait.waiting == _HANDLER:
        at = (end.middle + _HALF) / len(session.tasks)
        y = start.top + at * (start.bottom - start.top)
        corners = [(start.right, y), (end.left, end.middle)]
    elif wait.awaited == DEVICE:
        y = start.middle - 0.17
        corners = [(start.left, y), (end.right, y)]
    else:
        asking = [task.name for task in session.tasks if wait.awaited in task.asks]
        at = (asking.index(wait.waiting) + 0.5) / len(asking)
        corners = [(start.right, start.middle), (end.left, end.top + at * (end.bottom - end.top))]
    _draw_line(ax, corners, wait)


def _draw_line(ax: Axes, corners: Sequence[tuple[float, float]], wait: _Wait) -> None:
    """Draw the line, and on its end a head of its own, which a dotted one would break."""
    look = wait.look
    zorder = 3 if look is _STUCK else 2
    name = f"{wait.waiting} -> {wait.awaited}"
    xs, ys = zip(*corners, strict=True)
    ax.plot(xs, ys, solid_joinstyle="miter", zorder=zorder, gid=name, **look.line)
    (from_x, from_y), (x, y) = corners[-2:]
    head = FancyArrowPatch(
        (x - 0.1 * (x - from_x), y - 0.1 * (y - from_y)),
        (x, y),
        arrowstyle="-|>,head_length=0.5,head_width=0.25",
        mutation_scale=10 + 4.5 * look.linewidth,
        shrinkA=0,
        shrinkB=0,
        color=look.color,
        linewidth=0,
        zorder=zorder,
    )
    ax.add_patch(head)


def _draw_ends(
    ax: Axes, session: SessionWaits, boxes: Mapping[str, _Box], waits: Sequence[_Wait]
) -> None:
    """Draw the device, the handler, and what tasks ask; pale if no task waits for it."""
    here = session.state is State.CONNECTED
    words = {name: ("", name) for name in _asked(session)}
    words[DEVICE] = ("device", "connected" if here else "has gone")
    words[_HANDLER] = (session.lifecycle, session.handler)
    waiting = {name for wait in waits for name in (wait.waiting, wait.awaited)}
    for name, (first, rest) in words.items():
        pale = not here if name == DEVICE else name not in waiting
        stuck = _in_chain(name, waits)
        _draw_box(ax, name, boxes[name], pale=pale, stuck=stuck)
        letters = _LETTERS.get(name, _LETTERS["asked"])
        text = f"{first}\n{textwrap.fill(rest, letters)}".strip()
        middle = (boxes[name].left + boxes[name].right) / 2, boxes[name].middle
        write(ax, *middle, text, ha="center", **_words(pale=pale, stuck=stuck))


def _draw_task(ax: Axes, task: TaskWait, box: _Box, waits: Sequence[_Wait]) -> None:
    pale, stuck = not task.alive, _in_chain(task.name, waits)
    _draw_box(ax, task.name, box, pale=pale, stuck=stuck, finite=task.finite)
    how = _words(pale=pale, stuck=stuck)
    write(ax, box.left + 1, box.middle, task.name, **how)
    write(ax, _WAITS_AT, box.middle, _waits_for(task), **how)


def _waits_for(task: TaskWait) -> str:
    return task.waits_for if task.alive else "nothing: ended"


def _words(*, pale: bool, stuck: bool) -> dict[str, Any]:
    color, weight = FAINT if pale else INK, "bold" if stuck else "normal"
    return {"color": color, "fontweight": weight, "va": "center", "zorder": 5}


def _in_chain(name: str, waits: Sequence[_Wait]) -> bool:
    return any(name in (wait.waiting, wait.awaited) for wait in waits if wait.look is _STUCK)


def _draw_box(
    ax: Axes, name: str, box: _Box, *, pale: bool, stuck: bool, finite: bool = False
) -> None:
    """Draw the outline of a node: thick in the chain, pale if it is over, dashed if it is brief."""
    edge = _STUCK if stuck else replace(_NOW, color=_ENDED) if pale else _NOW
    size = box.right - box.left, box.bottom - box.top
    ax.add_patch(
        FancyBboxPatch(
            (box.left, box.top),
            *size,
            boxstyle="square,pad=0",
            facecolor="white" if not pale else "#f4f4f4",
            edgecolor=edge.color,
            linewidth=edge.linewidth,
            linestyle="--" if finite else "-",
            zorder=4,
            gid=name,
        )
    )


def _explain(ax: Axes, waits: Sequence[_Wait]) -> None:
    """Put the key under the picture; of the arrows those that are in it."""
    meanings = [
        (_STUCK, "keeps the ghost alive"),
        (_NOW, "waits for it now"),
        (_LATER, "asks it at a later poll"),
    ]
    drawn = {wait.look for wait in waits}
    arrows = [(look, words) for look, words in meanings if look in drawn]
    handles: list[Any] = [Line2D([], [], **look.line) for look, _ in arrows]
    boxes = {"lasts as long as the session": "-", "is meant to end": "--"}
    handles += [
        FancyBboxPatch(
            (0, 0), 1, 1, facecolor="white", edgecolor=INK, linewidth=1.6, linestyle=dash
        )
        for dash in boxes.values()
    ]
    how: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0, 0), "frameon": False}
    how |= {"fontsize": TEXT_SIZE, "labelcolor": INK, "borderpad": 0, "columnspacing": 1.5}
    ax.legend(handles, [words for _, words in arrows] + [*boxes], ncols=5, **how)


def _finding(session: SessionWaits) -> str:
    everything = count(len(session.tasks), "task")
    ended = sum(not task.alive for task in session.tasks)
    if session.state is State.ORPHANED:
        left = len(session.tasks) - ended
        return f"Orphans: the handler has ended, and {left} of {everything} {has(left)} not"
    held = [task for task in session.tasks if task.name in session.awaited]
    if session.state is State.GHOST and held:
        chains = [f"{task.name}, which waits for {task.waits_for}" for task in held]
        if len(chains) > _TOLD:
            chains = [f"the other {len(chains)}"]
        return (
            f"{session.lifecycle}, a ghost: the device has gone, {ended} of {everything} "
            f"{has(ended)} ended, and the handler waits for {' and for '.join(chains)}"
        )
    return f"{session.lifecycle}, {session.state}: the handler {session.handler}"
