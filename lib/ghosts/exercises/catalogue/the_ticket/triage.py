"""Judge what a reader says about the tickets: diagnosis, measurement, and what to do."""

from collections.abc import Iterable
from itertools import combinations
from typing import Final

from ghosts.config import STORAGE_WORKERS
from ghosts.errors import unknown
from ghosts.exercises.answers import kind_of
from ghosts.exercises.catalogue.the_ticket.actions import (
    ACTIONS,
    Result,
    contradiction,
    ends_the_ghosts,
    result,
    shortcoming,
)
from ghosts.exercises.catalogue.the_ticket.tickets import MEASUREMENTS, Ticket, tickets
from ghosts.exercises.outcome import Correct, Incorrect, NotAttempted, Outcome, Requirement, Seen
from ghosts.notebook import counting

DIAGNOSES: Final = ("capacity", "ghosts", "both", "blocked workers")
_PARTS: Final = "(diagnosis, measurement, action)"


def judge(answer: object) -> Outcome:
    """Return whether each ticket is answered rightly; the first that is not gives the reason."""
    known = tickets()
    if not isinstance(answer, dict) or not answer:
        return Incorrect(
            f"my_answer should be a dict from the letter of a ticket to {_PARTS}, and it is "
            f"{kind_of(answer)}{' without anything in it' if answer == {} else ''}."
        )
    letters = {str(each).strip().upper(): part for each, part in answer.items()}
    for letter in letters:
        if letter not in known:
            return Incorrect(unknown("ticket", letter, known))
    done: list[Requirement] = []
    with counting("days", len(letters)) as bar:
        for letter in sorted(letters):
            wrong = _judged(known[letter], letters[letter])
            bar(letter)
            if wrong is not None:
                return _first_wrong(wrong, done, letter, known)
            done.append(Requirement(_met(known[letter]), met=True))
    left = [letter for letter in known if letter not in letters]
    if left:
        return NotAttempted(
            f"Right so far: {', '.join(sorted(letters))}. No answer yet: {', '.join(left)}."
        )
    return Correct(
        "One is capacity, one is ghosts, one is both, and one is a pool that is blocked while "
        "gauge and kernel agree. Pending pods, memory, CPU and the gauge look alike: only the "
        "second count tells them apart.",
        {},
        tuple(done),
    )


def _first_wrong(
    wrong: Incorrect, done: list[Requirement], letter: str, known: Iterable[str]
) -> Incorrect:
    rest = [Requirement(f"ticket {each}", None) for each in known if each > letter]
    this = Requirement(f"ticket {letter}", met=False)
    return Incorrect(wrong.reason, wrong.seen, (*done, this, *rest))


def _met(ticket: Ticket) -> str:
    return f"ticket {ticket.letter}: {ticket.truth}"


def _judged(ticket: Ticket, answer: object) -> Incorrect | None:
    where = f"ticket {ticket.letter}"
    if isinstance(answer, str) or not isinstance(answer, tuple | list) or len(answer) != 3:
        size = f" of {len(answer)}" if isinstance(answer, tuple | list) else ""
        return Incorrect(f"{where}: should be {_PARTS}, and it is {kind_of(answer)}{size}.")
    said, by, do = answer
    diagnosis = _named(said, "diagnosis", DIAGNOSES, where)
    measurement = _named(by, "measurement", MEASUREMENTS, where)
    parts = [do] if isinstance(do, str) or not isinstance(do, Iterable) else list(do)
    actions = [_named(each, "action", tuple(ACTIONS), where) for each in parts]
    for each in (diagnosis, measurement, *actions):
        if isinstance(each, Incorrect):
            return each
    if not actions:
        return Incorrect(f"{where}: no action. There are: {', '.join(ACTIONS)}.")
    return (
        _diagnosed(ticket, str(diagnosis))
        or _measured(ticket, str(measurement))
        or _done(ticket, frozenset(map(str, actions)))
    )


def _named(answer: object, what: str, known: tuple[str, ...], where: str) -> str | Incorrect:
    if not isinstance(answer, str):
        return Incorrect(f"{where}: {what} should be a string, and it is {kind_of(answer)}.")
    for name in known:
        if " ".join(answer.lower().split()) == name.lower():
            return name
    return Incorrect(f"{where}: {unknown(what, answer, known)}")


def _diagnosed(ticket: Ticket, said: str) -> Incorrect | None:
    if said == ticket.truth:
        return None
    now = ticket.sample
    gauge, tcp = now.mean_gauge, now.mean_live
    counts = (
        f"the gauge reads {gauge:.0f} a pod and the kernel has {tcp:.0f}: {now.ghosts} ghosts"
        if now.ghosts
        else f"gauge and kernel both read {tcp:.0f} a pod: no ghosts"
    )
    room = (
        f"{now.live} connections with a device need {ticket.needed} pods of {ticket.target:g}, and "
        f"{ticket.room} fit"
    )
    blocked = (
        f"all {STORAGE_WORKERS} upload workers are blocked in "
        f"{sum(pod.blocked >= STORAGE_WORKERS for pod in now.pods)} of {now.running} pods"
    )
    why = {
        "capacity": f"There {counts}. And {room}: nothing but capacity is missing.",
        "ghosts": f"There {counts}. Without them there is room: {room}.",
        "both": f"There {counts}. And without them there is still too little room: {room}.",
        "blocked workers": f"There {counts}. And {room}. But {blocked}: their uploads never end.",
    }
    return Incorrect(
        f"Ticket {ticket.letter} is not {_SAID[said]}. {why[ticket.truth]}", _measurements(ticket)
    )


_SAID: Final = {
    "capacity": "a matter of capacity alone",
    "ghosts": "a matter of ghosts alone",
    "both": "both ghosts and capacity",
    "blocked workers": "only a pool of blocked workers",
}


def _measured(ticket: Ticket, by: str) -> Incorrect | None:
    if by == ticket.decides:
        return None
    others = {each.letter: each.measure(by) for each in tickets().values()}
    return Incorrect(
        f"Ticket {ticket.letter}: {by} does not decide. {_UNDECIDED[by, ticket.decides]}",
        {f"{by}, ticket {letter}": value for letter, value in others.items()},
    )


_BOTH: Final = ("TCP connections", "blocked workers")
_UNDECIDED: Final = {
    ("TCP connections", "blocked workers"): "They equal the gauge, which rules ghosts out and does "
    "not say why recordings are missing.",
    ("blocked workers", "TCP connections"): "Workers are blocked in D as well, where there is no "
    "ghost; and they say nothing about how many pods the connections need.",
    **{
        (name, decides): words
        for decides in _BOTH
        for name, words in (
            ("memory", "It is highest in A, in a cache and without a ghost."),
            ("CPU", "It is the same in all four."),
            ("Pending pods", "They are the same in A, B and C, and D has none."),
            ("desired pods", "The autoscaler desires what the gauge says, right or wrong."),
        )
    },
}
"""By measurement, and the one that decides: why it does not."""


def _done(ticket: Ticket, actions: frozenset[str]) -> Incorrect | None:
    if conflict := contradiction(actions):
        return Incorrect(f"Ticket {ticket.letter}: {conflict}.")
    names = " and ".join(name for name in ACTIONS if name in actions)
    if all(ACTIONS[name].changed(ticket.plan) == ticket.plan for name in actions):
        return Incorrect(
            f"Ticket {ticket.letter}, {names}: this fleet has that already, and recordings are "
            "missing nevertheless.",
            _measurements(ticket),
        )
    found = result(ticket.letter, actions)
    if wrong := shortcoming(ticket, found):
        lessons = " ".join(ACTIONS[name].lesson for name in ACTIONS if name in actions)
        return Incorrect(
            f"Ticket {ticket.letter}, {names}: in the day with it {wrong}. {lessons}",
            _days(ticket, names, found),
        )
    for fewer in (frozenset(each) for each in combinations(actions, len(actions) - 1) if each):
        without, (extra,) = result(ticket.letter, fewer), actions - fewer
        if not shortcoming(ticket, without) and not ends_the_ghosts(ticket.letter, extra):
            return Incorrect(
                f"Ticket {ticket.letter}: {extra} is not needed. In the day without it nothing is "
                "wrong either, and it would hide that the diagnosis was guessed.",
                _days(ticket, " and ".join(sorted(fewer)), without),
            )
    return None


def _measurements(ticket: Ticket) -> Seen:
    return {name: ticket.measure(name) for name in MEASUREMENTS}


def _days(ticket: Ticket, names: str, found: Result) -> Seen:
    """Return the second half of the day as it was, and with actions."""
    return {
        "as it is": _in_words(result(ticket.letter, frozenset())),
        f"with {names}": _in_words(found),
    }


def _in_words(day: Result) -> str:
    return (
        f"up to {day.most_pending} Pending, for {day.pending_minutes} minutes; "
        f"up to {day.ghosts:,} ghosts; up to {day.per_pod:.0f} connections a pod; "
        f"{day.lost_mib:,.0f} MiB lost"
    )
