"""Judge which pods a reader says have a wrong gauge, and the rule by which the reader knows it."""

import datetime as dt
import inspect
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import pandas as pd

from ghosts.errors import unknown
from ghosts.exercises.answers import kind_of
from ghosts.exercises.catalogue.the_evidence.pods import (
    COLUMNS,
    FLEET,
    MADE_UP,
    Pod,
    as_row,
    drawn,
    published,
)
from ghosts.exercises.outcome import Correct, Incorrect, Outcome, Seen

Rule: TypeAlias = Callable[[Any], object]
_PARTS: Final = ("pods", "rule")


class RuleError(Exception):
    """A rule cannot be applied to a pod, or returns no True or False."""


def judge(answer: object) -> Outcome:
    """Return whether an answer names the pods whose gauge is wrong, and has a rule that finds them.

    It is a dict of ``pods`` and ``rule``, or the rule alone.
    """
    if callable(answer):
        return _judged_rule(answer)
    if not isinstance(answer, dict):
        outcome = _judged_names(answer)
        return outcome or Incorrect(
            "These are the pods. But how do you know? A name says nothing of the next pod: answer "
            "with a rule as well, a function of one pod that returns True or False."
        )
    for part in answer:
        if part not in _PARTS:
            return Incorrect(f"my_answer: {unknown('part', str(part), _PARTS)}")
    missing = [part for part in _PARTS if part not in answer]
    if missing:
        return Incorrect(f"my_answer has no part {missing[0]!r}: it has 'pods' and 'rule'.")
    return _judged_names(answer["pods"]) or _judged_rule(answer["rule"])


def _judged_names(answer: object) -> Incorrect | None:
    """Return what is wrong with the names of the pods, if anything is."""
    names = _names(answer)
    if isinstance(names, Incorrect):
        return names
    pods = {each.pod: each for each in published()}
    for name in names:
        if name not in pods:
            return Incorrect(f"pods: {unknown('pod', name, pods)}")
    for pod in pods.values():
        if pod.has_ghosts and pod.pod not in names:
            ghosts = pod.gauge - pod.tcp
            return Incorrect(
                f"pods: {pod.pod} is missing. {ghosts} of the connections on its gauge are not in "
                "the kernel.",
                _row(pod),
            )
        if not pod.has_ghosts and pod.pod in names:
            return Incorrect(
                f"pods: {pod.pod} has no ghosts: its gauge and the kernel agree.", _row(pod)
            )
    return None


def _names(answer: object) -> set[str] | Incorrect:
    wanted = "pods should be a set of names, such as {'7k2lk', '8blbj'}"
    if isinstance(answer, pd.DataFrame | str | dict | bytes):
        kind = "a table" if isinstance(answer, pd.DataFrame) else kind_of(answer)
        return Incorrect(f"{wanted}, and it is {kind}.")
    if not isinstance(answer, Iterable):
        return Incorrect(f"{wanted}, and it is {kind_of(answer)}.")
    parts = list(answer)
    others = [part for part in parts if not isinstance(part, str)]
    if others:
        return Incorrect(f"{wanted}; {others[0]!r} in it is {kind_of(others[0])}.")
    if not parts:
        return Incorrect("pods is empty: compare the columns gauge and tcp, pod by pod.")
    return {part.strip().lower() for part in parts}


def _judged_rule(answer: object) -> Outcome:
    if not callable(answer):
        kind = "a column of True and False" if isinstance(answer, pd.Series) else kind_of(answer)
        return Incorrect(
            f"rule should be a function of one pod that returns True or False, and it is {kind}: "
            "the next table has other pods."
        )
    if inspect.iscoroutinefunction(answer):
        return Incorrect("rule should be a plain function: write `def`, without `async`.")
    try:
        return _wrong_column(answer) or _wrong_verdict(answer) or _right()
    except RuleError as error:
        return Incorrect(str(error))


def _verdict(rule: Rule, pod: Pod) -> bool:
    row = as_row(pod)
    try:
        verdict = rule(row)
    except AttributeError as error:
        name = str(getattr(error, "name", "") or "")
        if name and getattr(error, "obj", None) is row:
            raise RuleError(_no_column(name)) from None
        raise RuleError(_raised(pod, error)) from None
    except KeyError as error:
        name = str(error.args[0]) if error.args else ""
        if name in map(str, row):
            raise RuleError(_raised(pod, error)) from None
        raise RuleError(_no_column(name)) from None
    except (Exception, SystemExit) as error:
        raise RuleError(_raised(pod, error)) from None
    if type(verdict).__name__ not in ("bool", "bool_"):
        raise RuleError(
            f"rule returns {kind_of(verdict)} for pod {pod.pod} ({pod.gauge} on the gauge, "
            f"{pod.tcp} TCP connections): it should return True or False."
        )
    return bool(verdict)


def _no_column(name: str) -> str:
    return f"rule: no column {name!r}; there are: {', '.join(COLUMNS)}. The record has no other."


def _raised(pod: Pod, error: BaseException) -> str:
    where = f"for pod {pod.pod} ({pod.gauge} on the gauge, {pod.tcp} TCP connections)"
    if isinstance(error, TypeError) and "positional argument" in str(error):
        return f"rule should take one pod: def rule(pod). It cannot be called so: {error}."
    if isinstance(error, ZeroDivisionError):
        return f"rule divides by zero {where}. A pod may have no connection at all."
    return f"rule raises {type(error).__name__} {where}: {error}."


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that decides nothing, values to put into it, and why it decides nothing."""

    name: str
    values: tuple[object, ...]
    because: str


_DECIDE_NOTHING: Final = (
    _Column(
        "pod",
        ("zzzzz", "aaaaa"),
        "It knows these pods by their names, and a pod gets a new name whenever it is replaced.",
    ),
    _Column(
        "date",
        (dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
        "All pods of a day have the same date, the one without ghosts too. When a pod was "
        "inspected does not make its gauge wrong.",
    ),
    _Column(
        "memory_mib",
        (None, 100.0, 400.0, 700.0, 1_200.0, 2_000.0, 9_000.0),
        "Memory is what ghosts may cost, not what shows them: ghosts that hold little audio cost "
        "little, a cache without a ghost may cost as much, and of mhjxw no memory was published.",
    ),
)

_DECIDE: Final = (
    ("gauge", "tcp", "the gauge of {pod.pod} read {pod.tcp}, as the kernel does"),
    (
        "tcp",
        "gauge",
        "all {pod.gauge} connections of {pod.pod} were in the kernel, as on a busy pod",
    ),
)
"""Columns that decide, the one with which they should agree, and what that would be."""


def _wrong_column(rule: Rule) -> Incorrect | None:
    """Return that a rule depends on a column that decides nothing, or not on one that does."""
    for idle in _DECIDE_NOTHING:
        for pod in (*published(), *MADE_UP):
            if any(_changes(rule, pod, idle.name, value) for value in idle.values):
                return Incorrect(
                    f"The rule depends on {idle.name}: with another value there, and the same "
                    f"gauge and TCP connections, it says something else of {pod.pod}. "
                    f"{idle.because}",
                    _row(pod),
                )
    told = [pod for pod in published() if pod.has_ghosts and _verdict(rule, pod)]
    for column, other, because in _DECIDE:
        changed = any(_changes(rule, pod, column, getattr(pod, other)) for pod in told)
        if told and not changed:
            worst = told[0]
            return Incorrect(
                f"The rule does not depend on {column}: if {because.format(pod=worst)}, it would "
                "still say that the pod has ghosts.",
                _row(worst),
            )
    return None


def _changes(rule: Rule, pod: Pod, column: str, value: Any) -> bool:
    """Return whether a rule says something else of a pod with another value in one column."""
    before = _verdict(rule, pod)
    try:
        return _verdict(rule, replace(pod, **{column: value})) is not before
    except RuleError:
        return True


def _wrong_verdict(rule: Rule) -> Incorrect | None:
    """Return the first pod of which a rule says something wrong."""
    for pod in published():
        if _verdict(rule, pod) != pod.has_ghosts:
            return Incorrect(_mistaken(pod, "published"), _row(pod))
    for pod in (*MADE_UP, *FLEET, *drawn(random.Random(), "other")):
        if _verdict(rule, pod) != pod.has_ghosts:
            return Incorrect(_mistaken(pod, "made up"), _row(pod))
    return None


def _mistaken(pod: Pod, origin: str) -> str:
    said = "has no ghosts" if pod.has_ghosts else "has ghosts"
    return f"The rule says that pod {pod.pod} ({origin}) {said}. It has {pod.truth}. {pod.lesson}"


def _row(pod: Pod) -> Seen:
    memory = "not published" if pod.memory_mib is None else f"{pod.memory_mib:,.0f} MiB"
    return dict(_cells(pod, memory))


def _cells(pod: Pod, memory: str) -> Iterator[tuple[str, object]]:
    yield "pod", pod.pod
    yield "gauge", pod.gauge
    yield "TCP connections", pod.tcp
    yield "memory", memory
    yield "what it has", pod.truth


def _right() -> Correct:
    wrong = sum(pod.has_ghosts for pod in published())
    made_up = (*MADE_UP, *FLEET)
    found = sum(pod.has_ghosts for pod in made_up)
    return Correct(
        f"{wrong} of {len(published())} published gauges are wrong, and the rule finds them. Of "
        f"{len(made_up)} made-up pods it finds the {found} with ghosts, and leaves those alone "
        "that are busy, draining, half-open, large, or read some seconds apart.",
        {
            "published": f"{wrong} of {len(published())} have ghosts",
            "made up": f"{found} of {len(made_up)}",
        },
    )
