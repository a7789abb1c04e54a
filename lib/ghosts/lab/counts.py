"""The counts of a lab at one moment, as text and HTML."""

from dataclasses import dataclass
from html import escape

from matplotlib.colors import to_hex

from ghosts.config import STORAGE_WORKERS
from ghosts.plots.style import GAUGE, GHOSTS, HALF_OPEN, INK, LOST, MEMORY, TCP, legible
from ghosts.records.recording import Sample

_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Counts(Sample):
    """One sample of the lab's pod, formatted for people.

    Memory is shown in whole MiB, which are the same on every run.
    """

    crashes: tuple[str, ...] = ()
    """Exceptions that ended sessions so far, as `repr` shows them."""

    def __repr__(self) -> str:
        counts = "  ".join(f"{name} {value}" for name, value, _ in self._shown())
        return f"{clock(int(self.t))}  {counts}" + "".join(f"\n{line}" for line in self._crashed())

    def _repr_html_(self) -> str:
        tiles = "".join(
            '<div style="min-width: 6.5em; padding-right: 1em; white-space: nowrap">'
            f'<div style="font-size: 2em; font-weight: bold; color: {color}">{value}</div>'
            f"<div>{name}</div></div>"
            for name, value, color in (("time", clock(int(self.t)), INK), *self._shown())
        )
        crashed = "".join(f"<div>{escape(line)}</div>" for line in self._crashed())
        return (
            '<div style="display: flex; flex-wrap: wrap; line-height: 1.3; '
            f'background: white; color: {INK}">{tiles}</div>{crashed}'
        )

    def _shown(self) -> list[tuple[str, str, str]]:
        """Return name, value and colour of each count; figures use the same colours."""
        return [
            ("gauge", f"{self.gauge}", _text(GAUGE.color)),
            ("TCP", f"{self.tcp}", _text(TCP.color)),
            ("ghosts", f"{self.ghosts}", _text(GHOSTS.color)),
            ("orphans", f"{self.orphans}", INK),
            ("tasks", f"{self.tasks}", INK),
            ("workers in a call", f"{self.workers_busy} of {STORAGE_WORKERS}", INK),
            ("queued", f"{self.queued_bytes / _MIB:,.0f} MiB", _text(MEMORY.color)),
            ("retained by ghosts", f"{self.retained_bytes / _MIB:,.0f} MiB", _text(GHOSTS.color)),
            ("lost", f"{self.lost_bytes / _MIB:,.0f} MiB", _text(LOST.color)),
            *(
                [("half-open", f"{self.half_open}", _text(HALF_OPEN.color))]
                if self.half_open
                else []
            ),
            *([("leaked", f"{self.leaked_sessions}", INK)] if self.leaked_sessions else []),
        ]

    def _crashed(self) -> list[str]:
        if not self.crashes:
            return []
        return [f"sessions crashed: {len(self.crashes)}, the last one by {self.crashes[-1]}"]


def clock(seconds: int) -> str:
    """Return a time in minutes and seconds, as in 15:00."""
    return f"{seconds // 60}:{seconds % 60:02}"


def _text(color: str) -> str:
    return str(to_hex(legible(color)))
