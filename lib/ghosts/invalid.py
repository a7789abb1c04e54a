"""What pydantic found wrong, as one line."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import ValidationError


def first_fault(invalid: ValidationError, words: Mapping[str, str] = MappingProxyType({})) -> str:
    """Name the key of the first error, where it is not of the whole, and say what is wrong.

    ``words`` are ours, by pydantic's type of error; for other types they are pydantic's.
    """
    first = invalid.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    return ": ".join(filter(None, (key, words.get(first["type"], first["msg"]))))
