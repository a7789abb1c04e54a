"""What can be changed before a replay runs again: upload workers, their deadline, hung uploads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ghosts.errors import GhostsError

MOST_WORKERS: Final = 256
LONGEST_DEADLINE: Final = 86_400.0
"""Seconds: no scenario is longer."""


class ParameterError(GhostsError, ValueError):
    """A parameter is invalid, or a recording cannot be made again with others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What can be changed before a replay runs again.

    Raises:
        ParameterError: a value is out of its bounds. The text names it, and what is allowed.
    """

    workers: int
    """Upload workers of the pod, from 1 to 256."""
    deadline: float | None
    """Seconds for one upload, from 1 to 86,400; None is no deadline."""
    share: float
    """Fraction of the uploads that storage never answers, from 0 to 1."""

    def __post_init__(self) -> None:
        _whole_workers(self.workers)
        if self.deadline is not None and not 1 <= self.deadline <= LONGEST_DEADLINE:
            raise ParameterError(
                f"deadline: should be from 1 to {LONGEST_DEADLINE:,.0f} s, or none; "
                f"got {self.deadline:g}"
            )
        if not 0 <= self.share <= 1:
            raise ParameterError(
                f"share: should be from 0 to 100 % of the uploads; got {100 * self.share:g} %"
            )

    def __str__(self) -> str:
        deadline = "no deadline" if self.deadline is None else f"deadline {self.deadline:g} s"
        workers = f"{self.workers} worker{'' if self.workers == 1 else 's'}"
        return f"{workers}, {deadline}, {100 * self.share:.4g} % hang"

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> "Parameters":
        """Return the parameters in the fields of a form, where the share is in per cent.

        Raises:
            ParameterError: a field is missing, or not a number, or a value is out of its bounds.
        """
        deadline = fields.get("deadline", "").strip()
        return cls(
            workers=_whole_workers(_number(fields, "workers")),
            deadline=_number(fields, "deadline") if deadline else None,
            share=round(_number(fields, "share") / 100, 9),
        )

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the form that `parse` reads."""
        return {
            "workers": f"{self.workers}",
            "deadline": "" if self.deadline is None else f"{self.deadline:g}",
            "share": f"{100 * self.share:.9g}",
        }


def _number(fields: Mapping[str, str], name: str) -> float:
    value = fields.get(name, "")
    try:
        return float(value)
    except ValueError:
        raise ParameterError(f"{name}: should be a number; got {value!r}") from None


def _whole_workers(value: float) -> int:
    if value not in range(1, MOST_WORKERS + 1):
        raise ParameterError(
            f"workers: should be a whole number from 1 to {MOST_WORKERS}; got {value:g}"
        )
    return int(value)
