"""Rules of Prometheus: expressions that are recorded as series, or that fire alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import promql_parser as ast
import yaml

from ghosts.alerts.errors import PromQLError, RulesError
from ghosts.alerts.promql import STEP, parse
from ghosts.paths import DATA

RULES: Final = DATA / "alerts" / "ghosts.rules.yml"
"""The rules of this suite."""
_NO_TIME: Final = ("0", "0s", "0m")
"""The parser takes no duration of 0; Prometheus does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: it records a series of that name, or is an alert."""

    name: str
    expr: str
    tree: ast.Expr
    """The expression, parsed."""
    records: bool
    hold: float = 0.0
    """Seconds for which the expression must have held (``for``)."""
    keep: float = 0.0
    """Seconds for which the alert goes on once the expression holds no more (keep_firing_for)."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated in their order, every ``interval`` seconds."""

    name: str
    interval: float
    rules: tuple[Rule, ...]


def alert_rule(name: str, expr: str, hold: str = "0", **labels: str) -> Rule:
    """Return an alert of that expression, which fires once it has held for as long as that.

    Raises:
        PromQLError: the expression is not PromQL.
        RulesError: ``hold`` is no duration, such as ``5m``.
    """
    seconds = duration(hold, f"for of {name}")
    return Rule(name=name, expr=expr, tree=parse(expr), records=False, hold=seconds, labels=labels)


def load_rules(path: Path = RULES) -> tuple[Group, ...]:
    """Return the groups of a rules file, by default this suite's.

    Raises:
        PromQLError, RulesError: see `read_rules`.
        OSError: it cannot be read.
    """
    return read_rules(path.read_text(encoding="utf-8"), path.name)


def read_rules(text: str, source: str = "rules") -> tuple[Group, ...]:
    """Return the groups of a rules file's text.

    Raises:
        PromQLError: an expression is not PromQL.
        RulesError: it is not a rules file; the text begins with ``source`` and names the rule.
    """
    try:
        content = yaml.safe_load(text)
        return tuple(_group(group, source) for group in content["groups"])
    except yaml.YAMLError as invalid:
        raise RulesError(f"{source}: not YAML: {' '.join(str(invalid).split())}") from None
    except (TypeError, KeyError):
        raise RulesError(f"{source}: should have groups: with a list of rules: in each") from None


def duration(text: str, what: str = "duration") -> float:
    """Return the seconds of a duration such as ``5m`` or ``1h30m``; ``0`` is one, too.

    Raises:
        RulesError: it is none.
    """
    if text in _NO_TIME:
        return 0.0
    try:
        if text.isdecimal():  # which the parser takes, and a rules file does not
            raise ValueError
        return ast.parse_duration(text).total_seconds()
    except ValueError:
        raise RulesError(f"{what}: should be a duration such as 5m or 90s; got {text!r}") from None


def _group(group: Mapping[str, Any], source: str) -> Group:
    interval = duration(str(group["interval"]), "interval") if "interval" in group else STEP
    rules: Sequence[Any] = group["rules"]
    return Group(
        name=str(group.get("name", "")),
        interval=interval,
        rules=tuple(_rule(each, source) for each in rules),
    )


def _rule(rule: Mapping[str, Any], source: str) -> Rule:
    records = "record" in rule
    if records == ("alert" in rule) or "expr" not in rule:
        raise RulesError(f"{source}: a rule should have expr: and either record: or alert:")
    name = str(rule["record" if records else "alert"])
    covered = {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
    if other := sorted(set(rule) - covered):
        raise RulesError(f"{source}: {name}: {other[0]} is not covered here")
    try:
        tree = parse(str(rule["expr"]))
    except PromQLError as invalid:
        raise PromQLError(f"{source}: {name}: {invalid}") from None
    return Rule(
        name=name,
        expr=str(rule["expr"]),
        tree=tree,
        records=records,
        hold=duration(str(rule.get("for", "0")), f"{source}: for of {name}"),
        keep=duration(
            str(rule.get("keep_firing_for", "0")), f"{source}: keep_firing_for of {name}"
        ),
        labels={key: str(value) for key, value in (rule.get("labels") or {}).items()},
        annotations={key: str(value) for key, value in (rule.get("annotations") or {}).items()},
    )
