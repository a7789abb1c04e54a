"""Functions of PromQL that write a label of each series from its other labels."""

import re
from collections.abc import Sequence
from typing import Final

from ghosts.alerts.errors import PromQLError
from ghosts.alerts.series import Labels, without

_GROUP: Final = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")
"""``$$``, or a group of a match by number or name, as Go writes them in a replacement."""


def pattern_of(text: str) -> re.Pattern[str]:
    """Return a regular expression as Python reads it.

    Raises:
        PromQLError: Python does not read one that the parser does.
    """
    try:
        return re.compile(text)
    except re.error as invalid:
        raise PromQLError(f"the regular expression {text!r} is not covered: {invalid}") from None


def replaced(labels: Labels, target: str, replacement: str, source: str, regex: str) -> Labels:
    """Return labels with one written from what a regular expression finds in all of another."""
    found = pattern_of(regex).fullmatch(dict(labels).get(source, ""))
    return labels if found is None else _written(labels, target, _expanded(found, replacement))


def joined(labels: Labels, target: str, separator: str, sources: Sequence[str]) -> Labels:
    """Return labels with one written from others, in their order."""
    values = dict(labels)
    return _written(labels, target, separator.join(values.get(each, "") for each in sources))


def _expanded(found: re.Match[str], replacement: str) -> str:
    def value(one: re.Match[str]) -> str:
        dollar, braced, bare = one.groups()
        name = braced or bare
        try:
            return dollar or found[int(name) if name.isdecimal() else name] or ""
        except IndexError:  # a group that the regular expression does not have is empty
            return ""

    return _GROUP.sub(value, replacement)


def _written(labels: Labels, name: str, value: str) -> Labels:
    """Return labels with one set; an empty label is no label."""
    rest = without(labels, [name])
    return rest | {(name, value)} if value else rest
