"""Moments of a record, in UTC: many have a date and no time of day."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

_DAY: Final = 24 * 60
"""Minutes."""
_ALLOWED: Final = (
    "should be a date such as 2026-11-03, or a time with its offset such as 2026-11-03T14:05Z"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, and the time of day in UTC if it is known."""

    day: dt.date
    time: dt.time | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the moment of an ISO 8601 date, or of a time with its offset from UTC.

        Raises:
            ValueError: it is neither. A time without an offset could be any of many.
        """
        try:
            return cls(dt.date.fromisoformat(text))
        except ValueError:
            at = dt.datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(_ALLOWED)
        at = at.astimezone(dt.UTC)
        return cls(at.date(), at.time().replace(second=0, microsecond=0))

    @property
    def start(self) -> dt.datetime:
        """The moment, or the first one of its day."""
        return dt.datetime.combine(self.day, self.time or dt.time(), dt.UTC)

    def is_before(self, other: "Moment") -> bool:
        """Return whether this is certainly earlier than another moment."""
        if self.time is None or other.time is None:
            return self.day < other.day
        return self.start < other.start

    def __str__(self) -> str:
        return f"{self.day}" if self.time is None else f"{self.day} {self.time:%H:%M}"


def elapsed(start: Moment, end: Moment) -> str:
    """Return the time between two moments in words; whole days if one of them has no time."""
    if start.time is None or end.time is None:
        days = (end.day - start.day).days
        return _count(days, "day") if days else "less than a day"
    minutes = round((end.start - start.start).total_seconds() / 60)
    parts = (minutes // _DAY, "day"), (minutes % _DAY // 60, "hour"), (minutes % 60, "minute")
    return " ".join(_count(*part) for part in parts if part[0]) or "less than a minute"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _moment(value: Any) -> Moment:
    try:
        return Moment.parse(str(value))
    except ValueError:
        raise PydanticCustomError("moment", f"Input {_ALLOWED}") from None


AsMoment: TypeAlias = Annotated[Moment, PlainValidator(_moment)]
"""A field that is written as ISO 8601."""
