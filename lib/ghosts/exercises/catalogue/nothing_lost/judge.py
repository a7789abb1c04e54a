"""Judges a version: its form, and what was observed of it, against the requirements."""

import inspect
import math
from collections.abc import Mapping
from typing import Final

from ghosts.exercises.answers import kind_of
from ghosts.exercises.catalogue.nothing_lost import pod, room
from ghosts.exercises.catalogue.nothing_lost.case import (
    END,
    LONG_OUTAGE,
    OUTAGE,
    PROCESSES,
)
from ghosts.exercises.catalogue.nothing_lost.evidence import Evidence
from ghosts.exercises.catalogue.nothing_lost.observed import Observed
from ghosts.exercises.catalogue.nothing_lost.rules import (
    HAS_ROOM,
    IN_FOLDER,
    OUTLIVES,
    REQUIREMENTS,
)
from ghosts.exercises.guarded import StuckError
from ghosts.exercises.outcome import Correct, Incorrect, NotAttempted, Outcome, Requirement, Seen
from ghosts.notebook import progress

_METHODS: Final = {
    "keep": ("key", "started_at", "audio"),
    "session_ended": ("key",),
    "deliver": ("clients",),
}
_STUCK: Final = "it returns to the event loop whenever it waits"


def judge(answer: object) -> Outcome:
    """Return whether an answer is a version that loses, repeats and blocks nothing, and why not."""
    if not isinstance(answer, type):
        return Incorrect(
            f"my_version should be the class itself, and it is {kind_of(answer)}. The pod makes an "
            "object of it with the folder of its disk."
        )
    deadline = getattr(answer, "deadline", None)
    if deadline is ...:
        return NotAttempted("replace the ... of `deadline`, and complete the methods.")
    reason = _wrong_form(answer, deadline)
    if reason is not None:
        return Incorrect(reason)
    try:
        with progress("check", END, after=0.5) as bar:
            seen = pod.run(answer, deadline, bar)
        return _judged(answer, deadline, seen)
    except StuckError as stuck:
        return Incorrect(_of_stuck(str(stuck)), {}, _table({}, stuck=True))


def _judged(answer: type, deadline: float | None, seen: Observed) -> Outcome:
    evidence = Evidence.of(seen, deadline)
    reasons = {words: rule(evidence) for words, rule in REQUIREMENTS.items()}
    held = {
        words: reason is None
        for words, reason in reasons.items()
        if reason is not None or not seen.ended_early
    }
    failed = [reason for reason in reasons.values() if reason is not None]
    if not failed and pod.outlives_its_folder(answer, deadline):
        failed, held[IN_FOLDER] = [OUTLIVES], False
    if not failed and (early := room.refused_early(answer)) is not None:
        failed, held[HAS_ROOM] = [early], False
    table = _table(held, stuck=False)
    if failed:
        return Incorrect(failed[0], _seen(seen), table)
    return Correct(
        f"all {seen.received:,} bytes were stored, each once: through two outages, of "
        f"{(OUTAGE[1] - OUTAGE[0]) // 60} minutes and of "
        f"{(LONG_OUTAGE[1] - LONG_OUTAGE[0]) // 3600} hours, the end of sessions in both, "
        f"{sum(each.killed for each in PROCESSES)} kills of the pod, slow storage, answers that "
        "were lost, and a full disk.",
        _seen(seen),
        table,
    )


def _of_stuck(words: str) -> str:
    if "ends the whole program" in words:
        return f"{words}. Raise an Exception, or none: the pod has to go on."
    if "tasks were cancelled" in words:
        return "tasks were cancelled that the answer has not started: it may cancel its own only."
    if "loop was stopped" in words:
        return f"{words}: the pod ends with it."
    if "blocked" in words or "does not return" in words:
        return f"{words}. Meanwhile no device is served: everything that waits has to await."
    return f"{words}. Wait for some time in each turn, e.g. `await asyncio.sleep(1)`."


def _wrong_form(answer: type, deadline: object) -> str | None:
    for method, arguments in _METHODS.items():
        function = getattr(answer, method, None)
        if not callable(function):
            return f"the class {answer.__name__} has no method {method}({', '.join(arguments)})."
        static = isinstance(inspect.getattr_static(answer, method), staticmethod)
        try:
            inspect.signature(function).bind(*([] if static else ["self"]), *arguments)
        except (TypeError, ValueError):
            return f"{method} should take self and {', '.join(arguments)}."
        if inspect.iscoroutinefunction(function) != (method == "deliver"):
            which = "`async def`" if method == "deliver" else "`def`, without async"
            return f"{method} should be written with {which}."
    if not hasattr(answer, "deadline"):
        return f"the class {answer.__name__} has no deadline: a line `deadline = ...` in its body."
    if deadline is None:
        return None
    if isinstance(deadline, bool) or not isinstance(deadline, int | float):
        return f"deadline should be a number of seconds or None, and it is {kind_of(deadline)}."
    if not (deadline > 0 and math.isfinite(deadline)):
        return f"deadline should be a finite number above 0, and it is {deadline}."
    return None


def _table(held: Mapping[str, bool], *, stuck: bool) -> tuple[Requirement, ...]:
    return (
        Requirement(_STUCK, not stuck),
        *(Requirement(words, held.get(words)) for words in REQUIREMENTS),
    )


def _seen(seen: Observed) -> Seen:
    return {
        "bytes received": f"{seen.received:,}",
        "bytes stored": f"{seen.received - seen.lost:,}",
        "bytes lost": f"{seen.lost:,}",
        "bytes stored twice": f"{seen.twice:,}",
        "uploads tried": f"{len(seen.uploads):,}",
    }
