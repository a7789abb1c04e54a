"""Series and expectations in the form of `promtool test rules`, Prometheus' own test of rules."""

import shutil

from ghosts.alerts.promql import STEP
from ghosts.alerts.series import SeriesStore, written


def found() -> str | None:
    """Return the path of promtool; None where it is not installed."""
    return shutil.which("promtool")


def input_series(series: SeriesStore) -> list[dict[str, str]]:
    """Return series as promtool reads them: a value every 30 s from second 0 on.

    ``_`` stands for none, and ``stale`` for the end of a series. Samples at other seconds than
    multiples of 30 are left out.
    """
    return [
        {"series": written(labels), "values": " ".join(_values(series, labels))}
        for labels in sorted(series.series(series.names()), key=written)
    ]


def _values(series: SeriesStore, labels: frozenset[tuple[str, str]]) -> list[str]:
    values = ["_"] * (int(series.until // STEP) + 1)
    for second, value in series.samples(labels):
        if second % STEP == 0:
            values[int(second // STEP)] = "stale" if value is None else f"{value:.17g}"
    return values
