"""Judge how a reader has read the finding: line, dependency and rule."""

import re
from typing import Final
from urllib.parse import urlsplit

from ghosts.check.findings import Finding
from ghosts.errors import unknown
from ghosts.exercises.answers import kind_of
from ghosts.exercises.catalogue.the_finding.recorder import STORAGE, original, source
from ghosts.exercises.catalogue.the_finding.storage import HOOKS
from ghosts.exercises.outcome import Incorrect

_OTHER_RULES: Final = {
    1: "The session does not go on without a loop: all its loops run, one without returning",
    2: "No finite task ended a session here",
    4: "The devices were not silent: they have closed their connections",
    5: "The gauge is lowered in a finally. It reads too high because that finally is not reached",
    6: "The tasks do not outlive their session: the session itself has not ended",
    7: "No worker thread is occupied here: the upload is awaited in a task",
    8: "No metric here has a label",
    9: "The poll ends within seconds of the disconnect: it is not what the handler waits for",
    10: "Nothing of the session is kept in a global of the service: its own task keeps it",
}
"""Why a rule of docs/rules.md is not the one that this finding names."""


def reading(answer: dict[object, object]) -> Incorrect | None:
    """Return what is wrong with a reading of the finding, if anything is."""
    finding = original().findings[0]
    return (
        _line(answer["line"], finding)
        or _dependency(answer["dependency"])
        or _rule(answer["rule"], finding)
    )


def _line(answer: object, finding: Finding) -> Incorrect | None:
    number = _number(answer)
    if number is None:
        return Incorrect(f"line should be the number of a line, and it is {kind_of(answer)}.")
    lines = source().splitlines()
    chain = {place.line: place for place in finding.symptom.chain}
    last = finding.symptom.chain[-1]
    if number == last.line:
        return None
    if number in chain:
        place = chain[number]
        return Incorrect(
            f"Line {number} belongs to the chain, and {place.function} awaits the next line there. "
            "The ghosts are suspended at the end of the chain: the finding marks it with ->.",
            {f"line {number}": place.source, "chain": " -> ".join(map(str, chain))},
        )
    if not 1 <= number <= len(lines):
        return Incorrect(f"line: app.py has lines 1 to {len(lines)}, and no line {number}.")
    return Incorrect(
        f"Line {number} is not in the chain of the finding: no ghost is suspended there.",
        {f"line {number}": lines[number - 1].strip() or "(blank)"},
    )


def _number(answer: object) -> int | None:
    if isinstance(answer, int | float) and not isinstance(answer, bool) and answer == answer // 1:
        return int(answer)
    found = re.findall(r"\d+", answer) if isinstance(answer, str) else []
    return int(found[0]) if len(found) == 1 else None


def _dependency(answer: object) -> Incorrect | None:
    names = [each.name for each in original().dependencies]
    if not isinstance(answer, str):
        return Incorrect(f"dependency should be a name, and it is {kind_of(answer)}.")
    text = answer.strip().lower()
    name = (urlsplit(text).hostname or "") if "//" in text else text.partition("/")[0]
    if name in (STORAGE, STORAGE.partition(".")[0]):
        return None
    if name in (HOOKS, HOOKS.partition(".")[0]):
        return Incorrect(
            f"{HOOKS} is called with a timeout of 5 s. In its cell, where it never answers, "
            "nothing is left behind."
        )
    return Incorrect(unknown("dependency", answer, names))


def _rule(answer: object, finding: Finding) -> Incorrect | None:
    rule = finding.rule
    assert rule is not None
    text = " ".join(answer.lower().split()) if isinstance(answer, str) else ""
    if rule.title.lower() in text:
        return None
    number = _number(answer)
    if number is None:
        return Incorrect(
            "rule should be the number of a rule of docs/rules.md; the finding names it in its "
            f"last lines. It is {answer!r}."
        )
    if number == rule.number:
        return None
    because = _OTHER_RULES.get(number)
    if because is None:
        return Incorrect(f"rule: docs/rules.md has rules 1 to 10, and no rule {number}.")
    return Incorrect(f"The finding does not name rule {number}. {because}.")
