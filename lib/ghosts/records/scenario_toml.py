"""Writes a scenario as a TOML file that can be loaded."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, Final

from ghosts.records.scenario import Scenario

_TABLES: Final = ("devices", "faults")


def as_toml(scenario: Scenario) -> str:
    """Return a scenario as TOML that can be loaded, without the keys that have their defaults."""
    return "\n".join(_lines(scenario)) + "\n"


def _lines(owner: Any) -> Iterator[str]:
    tables: dict[str, Any] = {}
    for field in dataclasses.fields(owner):
        value = getattr(owner, field.name)
        if value == field.default:
            continue
        if field.name in _TABLES:
            tables[field.name] = value
        else:
            # Strings, numbers and lists of numbers are written in TOML as they are in JSON.
            yield f"{field.name} = {json.dumps(value, ensure_ascii=False)}"
    for name, rows in tables.items():
        for row in rows:
            yield f"\n[[{name}]]"
            yield from _lines(row)
