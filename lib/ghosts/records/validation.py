"""The message for an invalid value: its key, what is allowed, and the value."""

import dataclasses
import re
import types
import typing
from collections.abc import Sequence
from typing import Any, Final, TypeGuard

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ghosts.errors import did_you_mean

_UNKNOWN_KEY: Final = ("unexpected_keyword_argument", "extra_forbidden")
_UNION_MEMBER: Final = re.compile(r"(constrained-)?float|literal\[(?P<word>'.*')\]")
"""What pydantic adds to the location of an error in the union of a number and a word."""


def invalid_value(error: ValidationError, root: type) -> str:
    """Return one of pydantic's errors as one line: ``key: what is allowed; got the value``.

    It is the first one, or, if a key is missing, that of the key that was misspelt for it. ``root``
    is the dataclass or model that was validated; the allowed keys are read from it. The text of a
    ``ValueError`` raised by one of our checks starts with its key already.
    """
    first = _misspelt(error.errors()) or error.errors()[0]
    where = [str(part) for part in first["loc"] if not _UNION_MEMBER.fullmatch(str(part))]
    key, message = ".".join(where), first["msg"]
    match first["type"]:
        case "value_error":
            return ".".join([*where, message.removeprefix("Value error, ")])
        case unknown if unknown in _UNKNOWN_KEY:
            allowed, _ = _keys(root, first["loc"][:-1])
            near = did_you_mean(where[-1], allowed)
            return f"{key}: unknown key{near or '; allowed: ' + ', '.join(allowed)}"
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            _, needed = _keys(root, first["loc"][:-1])
            if first["loc"] and first["loc"][-1] in needed:
                return f"{key}: missing; needed: {', '.join(needed)}"
            return f"{key}: should be a list [first, last]; got {first['input']!r}"
        case "tuple_type" | "too_short" | "too_long":
            kind = "a list of tables" if len(first["loc"]) == 1 else "a list [first, last]"
            return f"{key}: should be {kind}; got {first['input']!r}"
        case "dataclass_type" | "model_type" | "model_attributes_type":
            return f"{key}: should be a table; got {first['input']!r}"
        case "json_invalid":
            return message
    allowed_values = message.replace("Input should", "should").replace("String should", "should")
    for each in error.errors()[1:]:
        *beside, member = each["loc"]
        word = _UNION_MEMBER.fullmatch(str(member))
        if word and word["word"] and beside == [*first["loc"][:-1]]:
            allowed_values += f" or {word['word']}"
    near = did_you_mean(str(first["input"]), re.findall(r"'([^']*)'", allowed_values))
    return f"{key}: {allowed_values}; got {first['input']!r}{near}"


def _misspelt(errors: Sequence[ErrorDetails]) -> ErrorDetails | None:
    """Return the error of an unknown key whose nearest name is that of a missing key, if any."""
    *table, missing = errors[0]["loc"] or ("",)
    if not errors[0]["type"].startswith("missing"):
        return None
    for each in errors:
        *beside, key = each["loc"] or ("",)
        if (
            each["type"] in _UNKNOWN_KEY
            and beside == table
            and did_you_mean(str(key), [str(missing)])
        ):
            return each
    return None


def _keys(root: type, location: Sequence[int | str]) -> tuple[list[str], list[str]]:
    """Return the allowed keys and the required keys of the table at a location."""
    table: Any = root
    for part in location:
        if isinstance(part, str):
            table = _table_in(_types(table).get(part))
    if _is_model(table):
        fields = table.model_fields.items()
        allowed = [field.alias or name for name, field in fields]
        return allowed, [field.alias or name for name, field in fields if field.is_required()]
    if not dataclasses.is_dataclass(table):
        return [], []
    return (
        [field.name for field in dataclasses.fields(table)],
        [
            field.name
            for field in dataclasses.fields(table)
            if field.default is field.default_factory is dataclasses.MISSING
        ],
    )


def _types(table: Any) -> dict[str, Any]:
    if _is_model(table):
        return {field.alias or name: field.annotation for name, field in table.model_fields.items()}
    return typing.get_type_hints(table) if dataclasses.is_dataclass(table) else {}


def _table_in(kind: Any) -> Any:
    """Return the dataclass or model in a type: itself, of a list, or of a union with None."""
    if isinstance(kind, type) and not isinstance(kind, types.GenericAlias):
        return kind
    members = [_table_in(one) for one in typing.get_args(kind)]
    return next((one for one in members if _is_table(one)), None)


def _is_table(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind) or _is_model(kind)


def _is_model(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
