"""Series and expectations in the form of `promtool test rules`, Prometheus' own test of rules."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import promql_parser as ast

from ghosts.alerts.promql import STEP
from ghosts.alerts.series import Labels, SeriesStore, labels_of, written

_NONE: Final = "_"
_ENDED: Final = "stale"
_OPEN_SINCE: Final = 3
"""The version of Prometheus."""


def found() -> str | None:
    """Return the path of promtool; None where it is not installed."""
    return shutil.which("promtool")


def left_open() -> bool:
    """Return whether the promtool that is installed reads ranges as Prometheus 3.

    True as well where none is installed, or where it does not tell its version. See `SeriesStore`.
    """
    path = found()
    if path is None:
        return True
    run = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"version v?(\d+)\.", run.stdout + run.stderr)
    return version is None or int(version[1]) >= _OPEN_SINCE


def read_series(series: Iterable[Mapping[str, str]], *, left_open: bool = True) -> SeriesStore:
    """Return the store of what `input_series` has written."""
    store = SeriesStore(left_open=left_open)
    for each in series:
        labels = labels_in(each["series"])
        for number, value in enumerate(each["values"].split()):
            if value != _NONE:
                store.add(labels, number * STEP, None if value == _ENDED else float(value))
    return store


def labels_in(text: str) -> Labels:
    """Return the labels that are written as PromQL writes them; ``{}`` has none."""
    if text.strip() == "{}":  # which the parser refuses
        return frozenset()
    selector = ast.parse(text)
    assert isinstance(selector, ast.VectorSelector)
    pairs = {each.name: each.value for each in selector.matchers.matchers}
    return labels_of(selector.name or "", **pairs)


def input_series(series: SeriesStore) -> list[dict[str, str]]:
    """Return series as promtool reads them: a value every 30 s from second 0 on.

    ``_`` stands for none, and ``stale`` for the end of a series. Samples at other seconds than
    multiples of 30 are left out.
    """
    return [
        {"series": written(labels), "values": " ".join(_values(series, labels))}
        for labels in sorted(series.series(series.names()), key=written)
    ]


def fires_first(expr: str, second: float) -> Iterator[dict[str, Any]]:
    """Yield expectations: a ``group`` of firing alerts is there at a second, and not before it."""
    if second:
        yield {"expr": expr, "eval_time": f"{second - STEP:.0f}s"}
    fires = [{"labels": "{}", "value": 1}]
    yield {"expr": expr, "eval_time": f"{second:.0f}s", "exp_samples": fires}


def _values(series: SeriesStore, labels: Labels) -> list[str]:
    values = [_NONE] * (int(series.until // STEP) + 1)
    for second, value in series.samples(labels):
        if second % STEP == 0:
            values[int(second // STEP)] = _ENDED if value is None else f"{value:.17g}"
    return values
