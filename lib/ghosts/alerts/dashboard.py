"""What the panels of the dashboard show over the series of a replay."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ghosts.alerts.promql import STEP, evaluate, parse
from ghosts.alerts.series import Labels, SeriesStore
from ghosts.paths import DATA

DASHBOARD: Final = DATA / "dashboards" / "ghosts.json"
"""The dashboard of this suite, as Grafana reads it."""
ALL_PODS: Final = ".*"
"""What the dashboard's variable ``pod`` stands for when it is All."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a panel: NaN where it has no value."""

    name: str
    color: str | None
    """As the dashboard fixes it; None if it leaves that to Grafana."""
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel: its lines over simulated seconds."""

    title: str
    unit: str
    """Grafana's: ``short`` for counts, ``bytes`` or ``s``."""
    seconds: tuple[float, ...]
    lines: tuple[Line, ...]


def panels(series: SeriesStore, path: Path = DASHBOARD) -> list[Panel]:
    """Return what each panel of a dashboard shows, all pods being chosen, every 30 s.

    Pass the series that `evaluate_rules` returns: panels read what rules record. Panels without a
    line are left out.

    Raises:
        PromQLError: see `evaluate`.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    shown = (_panel(each, series) for each in content["panels"])
    return [each for each in shown if each.lines]


def _panel(panel: Mapping[str, Any], series: SeriesStore) -> Panel:
    seconds = tuple(number * STEP for number in range(1, int(series.until // STEP) + 1))
    lines = [
        Line(name=name, color=_color(panel["fieldConfig"], name), values=values)
        for target in panel["targets"]
        for name, values in _lines(target, series, seconds)
    ]
    unit = str(panel["fieldConfig"]["defaults"]["unit"])
    return Panel(title=str(panel["title"]), unit=unit, seconds=seconds, lines=tuple(lines))


def _lines(
    target: Mapping[str, str], series: SeriesStore, seconds: tuple[float, ...]
) -> list[tuple[str, tuple[float, ...]]]:
    tree = parse(target["expr"].replace("$pod", ALL_PODS))
    at = [evaluate(tree, series, second) for second in seconds]
    found: dict[Labels, None] = {labels: None for vector in at for labels in vector}
    return [
        (_legend(target["legendFormat"], labels), tuple(one.get(labels, math.nan) for one in at))
        for labels in found
    ]


def _legend(form: str, labels: Labels) -> str:
    values = dict(labels)
    return re.sub(r"{{\s*(\w+)\s*}}", lambda found: values.get(found[1], ""), form)


def _color(fields: Mapping[str, Any], name: str) -> str | None:
    for each in fields["overrides"]:
        if re.search(each["matcher"]["options"], name):
            return str(each["properties"][0]["value"]["fixedColor"])
    fixed = fields["defaults"]["color"].get("fixedColor")
    return None if fixed is None else str(fixed)
