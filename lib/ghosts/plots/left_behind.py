"""What checks of services have left behind: a map for each service, a cell for each experiment."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ghosts.plots.style import INK, Figure, count, figure, finding, finding_of_all, write


class Tried(NamedTuple):
    """One experiment: what fails, how devices or the service leave, and what is left behind."""

    fault: str
    departure: str
    ghosts: int = 0
    gauge_error: int = 0
    """By how many the gauge is too high; ghosts explain as many."""
    stops: bool = True

    @property
    def words(self) -> str:
        """What is left behind; empty for nothing."""
        said = []
        if self.ghosts:
            said.append(count(self.ghosts, "ghost"))
        elif self.gauge_error:
            side = "high" if self.gauge_error > 0 else "low"
            said.append(f"gauge {abs(self.gauge_error)} too {side}")
        if not self.stops:
            said.append("does not stop")
        return ",\n".join(said)


class _Level(NamedTuple):
    color: str
    ink: str


_NOTHING: Final = _Level("#f6f6f6", "#666666")
_GAUGE: Final = _Level("#d6c94c", INK)
_GHOSTS: Final = _Level("#641a49", "#ffffff")
"""The worse, the darker: the colours of the matrix."""


def left_behind(services: Mapping[str, Sequence[Tried]]) -> Figure:
    """Draw one or two services side by side, a row for each fault, a column for each departure.

    Raises ValueError if there are not one or two services, or if they were not all tried alike.
    """
    if len(services) not in (1, 2):
        raise ValueError(f"should be one or two services; got {len(services)}")
    places = [[(each.fault, each.departure) for each in tried] for tried in services.values()]
    if not places[0] or any(sorted(each) != sorted(places[0]) for each in places):
        raise ValueError("each service should be tried with the same faults and departures")
    faults = list(dict.fromkeys(fault for fault, _ in places[0]))
    departures = list(dict.fromkeys(departure for _, departure in places[0]))
    fig, axes = figure(1, len(services), height=0.75 * len(faults) + 1.8, sharey=True)
    for ax, (name, tried) in zip(axes, services.items(), strict=True):
        for each in tried:
            _draw(ax, departures.index(each.departure), faults.index(each.fault), each)
        ax.set(xlim=(0, len(departures)), ylim=(len(faults), 0))
        ax.set_xticks([column + 0.5 for column in range(len(departures))], departures)
        ax.set_yticks([row + 0.5 for row in range(len(faults))], faults)
        ax.tick_params(length=0)
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
        if len(services) > 1:
            finding(ax, name)
    finding_of_all(fig, _finding(services))
    fig.details = _in_sentences(services)
    return fig


def _draw(ax: Axes, column: int, row: int, tried: Tried) -> None:
    level = _GHOSTS if tried.ghosts or not tried.stops else _NOTHING
    if level is _NOTHING and tried.gauge_error:
        level = _GAUGE
    box = Rectangle((column, row), 1, 1, facecolor=level.color, edgecolor="white", linewidth=2)
    ax.add_patch(box)
    how = {"color": level.ink, "ha": "center", "va": "center", "fontweight": "bold"}
    write(ax, column + 0.5, row + 0.5, tried.words or "nothing", **how)


def _finding(services: Mapping[str, Sequence[Tried]]) -> str:
    harmed = {name: sum(bool(each.words) for each in tried) for name, tried in services.items()}
    first, *others = services
    said = f"{first} leaves something behind in {harmed[first] or 'none'}"
    said += f" of {len(services[first])} cells"
    return ", ".join([said, *(f"{name} in {harmed[name] or 'none'}" for name in others)])


def _in_sentences(services: Mapping[str, Sequence[Tried]]) -> list[str]:
    return [
        f"{name}, {each.fault}, {each.departure}: {' '.join(each.words.split())}"
        for name, tried in services.items()
        for each in tried
        if each.words
    ]
