"""A map of a file, read key by key, with errors that name the key."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, TypeVar

from fleet.quantity import CapacityError, amount, plain, prefixed, shown

_MOST: Final = 2**31 - 1
"""Of a whole number: Kubernetes' int32."""
_DIGITS: Final = re.compile("-?[0-9]{1,19}")
_NEAR: Final = 0.9
"""How alike a misspelt key is; one that is less alike is another key."""
_T = TypeVar("_T", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A map of values. What is null or empty (``""``, ``{}``, ``[]``) counts as left out.

    Each method raises CapacityError if the value is of another kind.
    """

    content: Mapping[Any, Any]
    path: str = ""
    """The keys that lead to it, with dots between."""
    not_counted: list[str] = field(default_factory=list)
    """Shared by all sections of a file: what it has that is not read."""

    def get(self, key: str) -> Any:
        """Return the value; None if it is left out."""
        value = self.content.get(key)
        empty = value is None or (isinstance(value, str | dict | list) and not value)
        return None if empty else value

    def at(self, key: object) -> str:
        """Return the path of a key."""
        return f"{self.path}.{plain(key)}" if self.path else plain(key)

    def section(self, key: str) -> "Section":
        """Return the map under a key; an empty one if it is left out."""
        value = self.get(key) or {}
        if not isinstance(value, dict):
            raise CapacityError(f"{self.at(key)}: should be a map; got {shown(value)}")
        return replace(self, content=value, path=self.at(key))

    def sections(self, key: str) -> list["Section"]:
        """Return the maps in the list under a key."""
        value = self.get(key) or []
        if not isinstance(value, list):
            raise CapacityError(f"{self.at(key)}: should be a list; got {shown(value)}")
        for each in value:
            if not isinstance(each, dict):
                raise CapacityError(f"{self.at(key)}: should be a list of maps; got {shown(each)}")
        return [
            replace(self, content=each, path=f"{self.at(key)}[{place}]")
            for place, each in enumerate(value)
        ]

    def whole(self, key: str) -> int | None:
        """Return a whole number: 3, ``"3"`` or 3.0."""
        value = self.get(key)
        if value is None:
            return None
        number = _whole(value)
        if number is None or abs(number) > _MOST:
            raise CapacityError(f"{self.at(key)}: should be a whole number; got {shown(value)}")
        return number

    def needed(self, key: str) -> int:
        """Return a whole number that has to be there."""
        value = self.whole(key)
        if value is None:
            raise CapacityError(f"{self.at(key)}: missing")
        return value

    def number(self, key: str) -> Decimal | None:
        """Return a number that is written as a quantity."""
        value = self.get(key)
        if value is None:
            return None
        with prefixed(self.at(key)):
            return amount(value)

    def text(self, key: str) -> str:
        """Return a text; an empty one if it is left out."""
        value = self.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise CapacityError(f"{self.at(key)}: should be a text; got {shown(value)}")
        return value

    def choice(self, key: str, allowed: Iterable[_T], default: _T) -> _T:
        """Return one of the allowed values."""
        value, known = self.text(key), list(allowed)
        chosen = [each for each in known if each == (value or default)]
        if not chosen:
            words = " or ".join(known)
            raise CapacityError(f"{self.at(key)}: should be {words}; got {shown(value)}")
        return chosen[0]

    def flag(self, key: str, default: bool) -> bool:
        """Return whether something is on."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise CapacityError(f"{self.at(key)}: should be true or false; got {shown(value)}")
        return value

    @property
    def off(self) -> bool:
        """Whether it has ``enabled`` and that is false as templates take it: null and empty are."""
        return "enabled" in self.content and not self.content["enabled"]

    def note(self, text: str) -> None:
        """Note what is not counted."""
        if text not in self.not_counted:
            self.not_counted.append(text)

    def others(self, known: Iterable[str]) -> list[str]:
        """Return the keys that are given and not among those; the values are not empty.

        Raises:
            CapacityError: one of them is a known one, misspelt.
        """
        names = {_letters(name): name for name in known}
        given = [key for key in self.content if isinstance(key, str) and key not in names.values()]
        for key in given:
            near = difflib.get_close_matches(_letters(key), names, n=1, cutoff=_NEAR)
            if near:
                hint = f"unknown key; did you mean {names[near[0]]!r}?"
                raise CapacityError(f"{self.at(key)}: {hint}")
        return [key for key in given if self.get(key) is not None]

    def only(self, *known: str) -> None:
        """Note the keys that are not among those as not counted."""
        for key in self.others(known):
            self.note(self.at(key))


def _letters(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()[:100]


def _whole(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
    return int(value) if is_whole and isinstance(value, int | float) else None
