import json
from dataclasses import dataclass

import pandas as pd
import pytest
from pictures import assert_legible

from ghosts import plots
from ghosts.paths import DATA
from ghosts.plots import style

PANELS = ["supervise", "drain", "gather", "sleep"]


@dataclass(frozen=True)
class Growth:
    """Seconds for n tasks of an implementation: a factor times n to a power."""

    implementation: str
    factor: float
    power: float

    def seconds(self, n: int) -> float:
        return self.factor * n**self.power


GROWTHS = [
    Growth("async_tasks", 1e-5, 1),
    Growth("straightforward", 2e-5, 2),
    *(
        Growth(peer, 3e-5, 1)
        for peer in ("asyncio.gather", "asyncio.gather, unbounded", "aiotools", "aiometer")
    ),
    Growth("asyncio.timeout", 3e-5, 1),
]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"workload": w, "implementation": g.implementation, "n": n, "seconds": g.seconds(n)}
            for w in PANELS
            for g in GROWTHS
            for n in (10, 1000, 100)
        ]
    )


@pytest.fixture(scope="module")
def drawn(table: pd.DataFrame) -> style.Figure:
    return plots.cost(table)


def stored() -> pd.DataFrame:
    return pd.DataFrame(json.loads((DATA / "bench" / "async_tasks.json").read_text())["records"])


def test_the_stored_benchmark_is_legible_and_its_title_has_two_lines_at_most() -> None:
    figure = plots.cost(stored())
    assert_legible(figure)
    assert len(figure.get_suptitle().splitlines()) <= 2


def test_each_panel_draws_its_seconds_over_n_on_logarithmic_axes(drawn: style.Figure) -> None:
    for workload, ax in zip(PANELS, drawn.axes, strict=True):
        assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
        ours, baseline, *peers = ax.lines
        assert list(ours.get_xdata()) == [10, 100, 1000]
        assert list(ours.get_ydata()) == [GROWTHS[0].seconds(n) for n in (10, 100, 1000)]
        assert list(baseline.get_ydata()) == [GROWTHS[1].seconds(n) for n in (10, 100, 1000)]
        assert (ours.get_color(), baseline.get_color()) == (
            style.OURS.color,
            style.STRAIGHTFORWARD.color,
        )
        assert len(peers) == (0 if workload == "supervise" else 2)


def test_the_title_states_by_what_ten_times_the_tasks_multiply_the_time(
    drawn: style.Figure,
) -> None:
    assert drawn.get_suptitle().replace("\n", " ") == (
        "With 10 times as many tasks, supervise() takes 10 times as long, "
        "the straightforward loop of asyncio.wait() 100 times as long"
    )
    panel = drawn.axes[0].get_title(loc="left")
    assert panel == "supervise: 0.05 % of the straightforward time at 1,000"


def test_the_axes_name_what_they_count(drawn: style.Figure) -> None:
    axes = drawn.axes
    assert {ax.get_ylabel() for ax in axes[::2]} == {"seconds"}
    assert {ax.get_xlabel() for ax in axes[2:]} == {"tasks or items"}
