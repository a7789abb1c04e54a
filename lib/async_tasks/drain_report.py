"""What a drain returns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StuckTask:
    """A task that was still there when the drain came back, and the line that it waited at."""

    name: str
    where: str

    def __str__(self) -> str:
        return f"{self.name} at {self.where}"


class DrainReport(int):
    """How many tasks had to be cancelled by force after the timeout; 0 when all ended in time.

    And by name, each task in one of four: those that ``finished`` with a value, were ``cancelled``,
    ``failed`` with an exception, or are ``stuck`` (not done yet).
    """

    finished: tuple[str, ...]
    cancelled: tuple[str, ...]
    failed: tuple[str, ...]
    stuck: tuple[StuckTask, ...]

    def __new__(
        cls,
        forced: int,
        *,
        finished: tuple[str, ...] = (),
        cancelled: tuple[str, ...] = (),
        failed: tuple[str, ...] = (),
        stuck: tuple[StuckTask, ...] = (),
    ) -> "DrainReport":
        """Make a report; ``forced`` is its value as an int."""
        report = super().__new__(cls, forced)
        report.finished = finished
        report.cancelled = cancelled
        report.failed = failed
        report.stuck = stuck
        return report

    def __repr__(self) -> str:
        return (
            f"DrainReport({int(self)}, finished={self.finished}, cancelled={self.cancelled}, "
            f"failed={self.failed}, stuck={self.stuck})"
        )
