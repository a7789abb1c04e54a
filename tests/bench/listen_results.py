"""What the crowds took: how it grows with their size, kept as JSON, printed as a table."""

import datetime
import json
import math
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import linear_regression
from typing import Final

from listen_crowd import LOADED, Crowd
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What one connection takes in the largest crowd, beside what it takes in one of 300."""

    what: str
    each: Callable[[Crowd], float]
    at_most: float
    of: int = 1800
    over: int = 300

    def __str__(self) -> str:
        return f"{self.what}, {self.of:,} over {self.over:,}"

    def ratio(self, crowds: Sequence[Crowd]) -> float:
        """Return how many times as much it is for one connection: 1 where growth is linear."""
        each = {crowd.devices: self.each(crowd) for crowd in crowds}
        return each[self.of] / each[self.over]

    def exponent(self, crowds: Sequence[Crowd]) -> float:
        """Return the slope of the whole over the number of devices, both logarithmic."""
        sizes = [math.log(crowd.devices) for crowd in crowds]
        whole = [math.log(self.each(crowd) * crowd.devices) for crowd in crowds]
        return linear_regression(sizes, whole).slope


# Bounds are wide, for others may be at work on the machine: their traffic through its caches slows
# a crowd of 1,800 more than one of 300.
GROWTH: Final = (
    # Measured: 1.03 to 1.22. The services' own work is linear.
    Growth(
        what="processor time but the collector's",
        each=lambda c: c.cpu_each_uncollected,
        at_most=1.5,
    ),
    # Measured: 1.5 to 1.9. In a small crowd, what a second's burst allocates is freed before the
    # collector looks twice. In a large one much of it is still in flight then, so that full
    # collections, each of which walks every object that there is, come more often.
    Growth(what="processor time", each=lambda c: c.cpu_each, at_most=2.5),
    # Measured: 0.94.
    Growth(what="resident memory", each=lambda c: c.rss_each, at_most=1.25),
)


@dataclass(frozen=True, slots=True)
class ListenResults:
    """Every crowd, the ones whose memory was traced apart: tracing takes time."""

    crowds: list[Crowd]
    traced: list[Crowd]

    def of(self, variant: str) -> list[Crowd]:
        """Return the crowds of a variant, by size."""
        return [crowd for crowd in self.crowds if crowd.variant == variant]

    def save(self, path: Path) -> None:
        """Write them as JSON, with what the machine is but not which."""
        shipped = self.of("shipped")
        document = {
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "loaded_simulated_seconds": LOADED,
            "records": [asdict(crowd) for crowd in (*self.crowds, *self.traced)],
            "growth": [
                {
                    "what": growth.what,
                    "of": growth.of,
                    "over": growth.over,
                    "at_most": growth.at_most,
                    "ratio": growth.ratio(shipped),
                    "exponent": growth.exponent(shipped),
                }
                for growth in GROWTH
            ],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n")

    def show(self) -> None:
        """Print what each crowd took, and how that grows."""
        console = Console(width=130)
        console.print(self._crowds(), self._growth())
        for crowd in self.traced:
            assert crowd.traced_bytes is not None
            each = crowd.traced_bytes / crowd.devices / 1024
            console.print(f"Of {crowd.devices:,}, traced: Python has {each:.0f} KiB each")

    def _crowds(self) -> Table:
        table = Table(
            "variant",
            "devices",
            "KiB each,\narrived",
            "\nloaded",
            "tasks each,\nlisten",
            "\npusher",
            "\nall",
            "µs each,\nwhole",
            "less\nGC",
            "sim. s\na second",
            "a look,\ns",
            "in all,\ns",
        )
        for crowd in self.crowds:
            table.add_row(
                crowd.variant,
                f"{crowd.devices:,}",
                f"{crowd.rss_each_arrived / 1024:.0f}",
                f"{crowd.rss_each / 1024:.0f}",
                f"{crowd.tasks_listen / crowd.devices:g}",
                f"{crowd.tasks_pusher / crowd.devices:g}",
                f"{crowd.tasks_all / crowd.devices:.1f}",
                f"{crowd.cpu_each * 1e6:.0f}",
                f"{crowd.cpu_each_uncollected * 1e6:.0f}",
                f"{crowd.simulated_seconds_a_second:.1f}",
                f"{crowd.observation_seconds:.2f}",
                f"{crowd.seconds:.1f}",
            )
        return table

    def _growth(self) -> Table:
        shipped = self.of("shipped")
        table = Table("for one connection", "ratio", "at most", "exponent of the whole")
        for growth in GROWTH:
            table.add_row(
                str(growth),
                f"{growth.ratio(shipped):.2f}",
                f"{growth.at_most:g}",
                f"{growth.exponent(shipped):.2f}",
            )
        return table
