"""The three outcomes of a check: correct, incorrect for a reason, and not attempted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ghosts.jupyter import boxes

Seen: TypeAlias = Mapping[str, object]
"""What the kernel and the tasks looked like, by name: ``{"gauge": 8, "TCP connections": 4}``."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that an answer has to fulfil. ``met`` is None if it could not be examined."""

    words: str
    met: bool | None

    @property
    def state(self) -> str:
        """``met``, ``not met`` or ``not examined``."""
        return {True: "met", False: "not met", None: "not examined"}[self.met]


@dataclass(frozen=True, slots=True, repr=False)
class Correct:
    """The answer is right. ``words`` say what it shows, ``seen`` what was measured."""

    words: str
    seen: Seen = field(default_factory=dict)
    requirements: tuple[Requirement, ...] = ()

    def __repr__(self) -> str:
        return _as_text("Correct", self.words, self.seen, self.requirements)

    def _repr_html_(self) -> str:
        return _as_html(boxes.GREEN, "Correct", self.words, self.seen, self.requirements)


@dataclass(frozen=True, slots=True, repr=False)
class Incorrect:
    """The answer is wrong: ``reason`` explains this mistake, ``seen`` is what it led to."""

    reason: str
    seen: Seen = field(default_factory=dict)
    requirements: tuple[Requirement, ...] = ()

    def __repr__(self) -> str:
        return _as_text("Incorrect", self.reason, self.seen, self.requirements)

    def _repr_html_(self) -> str:
        return _as_html(boxes.RED, "Incorrect", self.reason, self.seen, self.requirements)


@dataclass(frozen=True, slots=True, repr=False)
class NotAttempted:
    """There is no answer yet. ``words`` say what to replace, and how to go on."""

    words: str

    def __repr__(self) -> str:
        return _as_text("Not attempted", self.words, {}, ())

    def _repr_html_(self) -> str:
        return _as_html(boxes.GREY, "Not attempted", self.words, {}, ())


Outcome: TypeAlias = Correct | Incorrect | NotAttempted


def _as_text(title: str, words: str, seen: Seen, requirements: tuple[Requirement, ...]) -> str:
    return "\n".join(
        [
            boxes.plain(f"{title}: {words}"),
            *boxes.plain_table(seen.items()),
            *boxes.plain_table(_rows(requirements)),
        ]
    )


def _as_html(
    accent: str, title: str, words: str, seen: Seen, requirements: tuple[Requirement, ...]
) -> str:
    return boxes.box(
        accent,
        title,
        boxes.paragraph(words),
        boxes.table((), seen.items()),
        boxes.table(("", "requirement"), _rows(requirements)),
    )


def _rows(requirements: tuple[Requirement, ...]) -> Iterator[tuple[str, str]]:
    return ((each.state, each.words) for each in requirements)
