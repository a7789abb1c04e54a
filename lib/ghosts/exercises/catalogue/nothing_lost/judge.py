"""Judges a version: what of its audio is stored, how often, and what is behind the rest."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Final

from ghosts.exercises.answers import kind_of
from ghosts.exercises.catalogue.nothing_lost import hour
from ghosts.exercises.catalogue.nothing_lost.hour import (
    CRASH_AT,
    END,
    HALF_LEAVE_AT,
    OUTAGE,
    SLOW_SECONDS,
    Hour,
)
from ghosts.exercises.guarded import StuckError
from ghosts.exercises.outcome import Correct, Incorrect, NotAttempted, Outcome, Requirement, Seen
from ghosts.notebook import progress
from ghosts.pusher.spool_file import Key

_METHODS: Final = {
    "keep": ("key", "started_at", "audio"),
    "session_ended": ("key",),
    "deliver": ("clients",),
}
_STUCK: Final = "it returns to the event loop whenever it waits"
_Rule = Callable[[Hour, float | None], str | None]


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
            seen = hour.run(answer, deadline, bar)
    except StuckError as stuck:
        words = f"{stuck}. Meanwhile no device is served: everything that waits has to await."
        return Incorrect(words, {}, _table({}, stuck=True))
    reasons = {words: rule(seen, deadline) for words, rule in REQUIREMENTS.items()}
    table = _table({words: reason is None for words, reason in reasons.items()}, stuck=False)
    failed = [reason for reason in reasons.values() if reason is not None]
    if failed:
        return Incorrect(failed[0], _seen(seen), table)
    return Correct(
        f"all {seen.received:,} bytes were stored, each once: through an outage of "
        f"{(OUTAGE[1] - OUTAGE[0]) // 60} minutes, the end of half of the sessions in it, a crash "
        "of the pod, slow storage, and answers that were lost.",
        _seen(seen),
        table,
    )


def _wrong_form(answer: type, deadline: object) -> str | None:
    for method, arguments in _METHODS.items():
        function = getattr(answer, method, None)
        if not callable(function):
            return f"the class {answer.__name__} has no method {method}({', '.join(arguments)})."
        try:
            inspect.signature(function).bind("self", *arguments)
        except (TypeError, ValueError):
            return f"{method} should take self and {', '.join(arguments)}."
        if inspect.iscoroutinefunction(function) != (method == "deliver"):
            which = "`async def`" if method == "deliver" else "`def`, without async"
            return f"{method} should be written with {which}."
    if deadline is None:
        return None
    if isinstance(deadline, bool) or not isinstance(deadline, int | float):
        return f"deadline should be a number of seconds or None, and it is {kind_of(deadline)}."
    if not (deadline > 0 and math.isfinite(deadline)):
        return f"deadline should be a finite number above 0, and it is {deadline}."
    return None


def _raised(seen: Hour, deadline: float | None) -> str | None:
    failed = seen.failed
    if failed is not None:
        after = {
            "deliver": "Nothing was uploaded by this process after it: catch BackendError, keep "
            "the audio, and try again",
            "keep": "That piece of audio is lost",
        }.get(failed.method, "The pod cannot go on without it")
        return (
            f"{failed.method} raised {failed.words} at {failed.at:.0f} s; {failed.line}. {after}."
        )
    if seen.returned_at is not None:
        return (
            f"deliver returned at {seen.returned_at:.0f} s. It has to go on for as long as the pod "
            "runs: audio comes later, too."
        )
    return None


def _blocked(seen: Hour, deadline: float | None) -> str | None:
    if not seen.blocked:
        return None
    many = f"{seen.blocked} of the 16 upload workers {'is' if seen.blocked == 1 else 'are'} blocked"
    if deadline is None and seen.blocked > 1:
        return (
            f"{many}, for good: a timeout around the call ends the wait for it, and not the call, "
            "which keeps its worker. The deadline has to be that of the call: `deadline`."
        )
    if deadline is None:
        return f"{many}, for good: a request of the outage is never answered, and has no deadline."
    return f"{many} for over 150 s: a deadline of {deadline:g} s is no bound for one upload."


def _too_short(seen: Hour, deadline: float | None) -> str | None:
    if deadline is None or deadline > SLOW_SECONDS or seen.stored_when_slow:
        return None
    return (
        f"no byte was stored in the 5 minutes in which storage took {SLOW_SECONDS:.0f} s for each "
        f"upload: a deadline of {deadline:g} s ends every one of them before its answer. It has to "
        "be longer than what is merely slow."
    )


def _repeated(seen: Hour, deadline: float | None) -> str | None:
    again = max((times for key, times in seen.confirmed.items() if key is not None), default=0)
    if again > 3:
        return (
            f"the same delivery was confirmed {again} times: it is uploaded again and again, and "
            "what is behind it waits. spool.delivered(delivery) removes it."
        )
    return None


def _reused(seen: Hour, deadline: float | None) -> str | None:
    for delivery, starts in seen.starts.items():
        if len(starts) > 1:
            return (
                f"the delivery id {delivery!r} was given to {len(starts)} different pieces of "
                "audio. Storage took all but the first for a repetition. An id has to be new, also "
                "in the next process."
            )
    return None


def _lost_with_session(seen: Hour, deadline: float | None) -> str | None:
    left = [(key, at) for key, at in seen.missing if at < HALF_LEAVE_AT and key.uid < "device-4"]
    others = [(key, at) for key, at in seen.missing if at < HALF_LEAVE_AT and key.uid >= "device-4"]
    if not left or others:
        return None
    return (
        f"{_amount(left)} are lost of the four devices that left at {HALF_LEAVE_AT} s, in the "
        "outage, and none of the others: the audio was dropped with its session. It has to outlive "
        "it."
    )


def _lost_in_outage(seen: Hour, deadline: float | None) -> str | None:
    before = [(key, at) for key, at in seen.missing if at < OUTAGE[1] - 60]
    if not before:
        return None
    return (
        f"{_amount(before)} of the outage are lost: when an upload failed its audio was given up. "
        "It may be removed when storage has confirmed it, and not before."
    )


def _lost_in_crash(seen: Hour, deadline: float | None) -> str | None:
    crashed = [(key, at) for key, at in seen.missing if at <= CRASH_AT]
    if not crashed:
        return None
    since = CRASH_AT - min(at for _, at in crashed)
    where = (
        "in a folder that the next process does not know"
        if seen.spool_elsewhere
        else ("in the memory of the process")
    )
    return (
        f"{_amount(crashed)} are lost that came in the last {since} s before the pod was killed, "
        f"at {CRASH_AT} s: they were {where}. What was received belongs into the folder given."
    )


def _lost_later(seen: Hour, deadline: float | None) -> str | None:
    if not seen.missing:
        return None
    first = min(at for _, at in seen.missing)
    return (
        f"{_amount(seen.missing)} were not stored by the end, 20 minutes after the last device has "
        f"left; the first of them came at {first} s."
    )


def _twice(seen: Hour, deadline: float | None) -> str | None:
    if not seen.twice:
        return None
    if any(None in ids for ids in seen.ids.values()):
        why = "the batches have no delivery id, so storage cannot know that it has them"
    else:
        why = "each attempt has a new delivery id, so storage cannot know that it has the audio"
    return (
        f"{seen.twice:,} bytes were stored twice: storage had done its work, its answer was lost, "
        f"and the upload was repeated. It has to be repeated, but {why}."
    )


def _amount(pieces: list[tuple[Key, int]]) -> str:
    return f"{len(pieces) * hour.STEP * hour.BYTES_PER_SECOND:,} bytes"


REQUIREMENTS: Final[Mapping[str, _Rule]] = {
    "deliver goes on until the pod ends, and nothing raises an exception": _raised,
    "no worker is blocked: each call has a deadline": _blocked,
    "uploads succeed while storage is slow": _too_short,
    "a delivery id is that of one piece of audio": _reused,
    "a delivery that was confirmed is not repeated": _repeated,
    "audio outlives its session": _lost_with_session,
    "audio outlives an outage": _lost_in_outage,
    "audio outlives the process": _lost_in_crash,
    "everything is stored in the end": _lost_later,
    "everything is stored once": _twice,
}
"""What is required, the likelier cause of all others first."""


def _table(held: Mapping[str, bool], *, stuck: bool) -> tuple[Requirement, ...]:
    return (
        Requirement(_STUCK, not stuck),
        *(Requirement(words, held.get(words)) for words in REQUIREMENTS),
    )


def _seen(seen: Hour) -> Seen:
    return {
        "bytes received": f"{seen.received:,}",
        "bytes stored": f"{seen.stored:,}",
        "bytes lost": f"{len(seen.missing) * hour.STEP * hour.BYTES_PER_SECOND:,}",
        "bytes stored twice": f"{seen.twice:,}",
        "workers blocked for over 150 s": seen.blocked,
        "uploads tried": seen.attempts,
    }
