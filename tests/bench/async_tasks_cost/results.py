"""What a run of the benchmark found: kept as JSON, printed as tables."""

import datetime
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from async_tasks_cost.idle import IDLE, PLAIN
from async_tasks_cost.measure import BASELINE, Record
from async_tasks_cost.targets import TARGETS


@dataclass(frozen=True, slots=True)
class Results:
    """Every record, and how many cancellations each way to sleep has lost."""

    records: list[Record]
    lost_cancellations: dict[str, int]

    def save(self, path: Path) -> None:
        """Write them as JSON, with what the machine is but not which."""
        document = {
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "records": [asdict(record) for record in self.records],
            "targets": [
                {**asdict(target), "ratio": ratio, "met": ratio <= target.at_most}
                for target in TARGETS
                for ratio in [target.ratio(self.records)]
            ],
            "lost_cancellations": self.lost_cancellations,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n")

    def show(self) -> None:
        """Print what each implementation takes at the largest sizes, and each target."""
        console = Console(width=120)
        console.print(self._costs(), self._targets())
        console.print(f"Idle limit, µs per frame: {self.idle_microseconds()}")
        console.print(f"Cancellations lost by sleepers: {self.lost_cancellations}")

    def _costs(self) -> Table:
        table = Table(
            "workload", "n", "implementation", "seconds", "µs each", "ratio", "peak MiB", "ratio"
        )
        groups: dict[tuple[str, int], dict[str, Record]] = {}
        for record in self.records:
            groups.setdefault((record.workload, record.n), {})[record.implementation] = record
        for (workload, n), group in groups.items():
            for name, record in group.items() if n >= 1_000 else ():
                table.add_row(workload, f"{n:,}", name, *_figures(record, group[BASELINE]))
            table.add_section()
        return table

    def _targets(self) -> Table:
        table = Table("target", "measured", "met")
        for target in TARGETS:
            ratio = target.ratio(self.records)
            table.add_row(
                str(target), f"{ratio:.3f}", "yes" if ratio <= target.at_most else "[red]no"
            )
        return table

    def idle_microseconds(self) -> dict[str, float]:
        """Return what each limit costs per frame beyond a loop without one."""
        each = {
            record.implementation: record.seconds / record.n * 1e6
            for record in self.records
            if record.workload == IDLE.name
        }
        return {name: round(cost - each[PLAIN], 2) for name, cost in each.items() if name != PLAIN}


def _figures(record: Record, baseline: Record) -> tuple[str, ...]:
    peak = ("", "")
    if record.peak_bytes is not None and baseline.peak_bytes:
        ratio = record.peak_bytes / baseline.peak_bytes
        peak = (f"{record.peak_bytes / 2**20:.2f}", f"{ratio:.3f}")
    each = record.seconds / record.n * 1e6
    ratio = record.seconds / baseline.seconds
    return (f"{record.seconds:.4f}", f"{each:.2f}", f"{ratio:.3f}", *peak)
