"""The base class of our errors, and the words for a name that is unknown."""

import difflib
from collections.abc import Iterable


class GhostsError(Exception):
    """Base class of the errors that ``ghosts`` and ``fleet`` raise.

    Its text is one line: what is wrong and, where there is a choice, what is allowed. A notebook
    shows that line and no stack.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'production'?`` with the nearest name; empty if none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Return that there is no ``what`` of this name, and the nearest name, or else all names."""
    names = list(known)
    rest = did_you_mean(name, names) or f"; there are: {', '.join(names)}"
    return f"no {what} {name!r}{rest}"
