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
    """What all connections of a crowd take, by their number."""

    what: str
    each: Callable[[Crowd], float]
    at_most: float

    def __str__(self) -> str:
        return self.what

    def exponent(self, crowds: Sequence[Crowd]) -> float:
        """Return the slope of the whole over the number, both logarithmic: 1 is linear."""
        sizes = [math.log(crowd.devices) for crowd in crowds]
        whole = [math.log(self.each(crowd) * crowd.devices) for crowd in crowds]
        return linear_regression(sizes, whole).slope


# Measured: 0.95 to 0.98 on a machine shared with other work, where an idle one had 1.01 without the
# collector. With Python's own threshold of the collector it is 1.24: see `data/bench/README.md`.
GROWTH: Final = (
    Growth(
        what="processor time but the collector's",
        each=lambda c: c.cpu_each_uncollected,
        at_most=1.05,
    ),
    Growth(what="processor time", each=lambda c: c.cpu_each, at_most=1.05),
    Growth(what="resident memory", each=lambda c: c.rss_each, at_most=1.05),
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
                    "at_most": growth.at_most,
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
        table = Table("exponent of", "measured", "at most")
        for growth in GROWTH:
            table.add_row(str(growth), f"{growth.exponent(shipped):.3f}", f"{growth.at_most:g}")
        return table
