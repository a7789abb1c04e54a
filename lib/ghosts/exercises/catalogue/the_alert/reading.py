"""Reads an answer: an expression and its ``for``, or rules as a file of Prometheus has them."""

from collections.abc import Iterator
from typing import Any, Final

import promql_parser as ast
import yaml

from ghosts.alerts import STEP, Group, PromQLError, Rule, RulesError, alert_rule, read_rules
from ghosts.errors import did_you_mean
from ghosts.exercises.answers import kind_of
from ghosts.exercises.outcome import Incorrect

NAME: Final = "my_alert"
_WANTED: Final = (
    'my_alert should be {"expr": "..", "for": ".."}, or a text: a rule of Prometheus in YAML'
)


def groups_of(answer: object) -> tuple[Group, ...] | Incorrect:
    """Return the rules of an answer, at least one of them an alert."""
    try:
        groups = _groups(answer)
    except PromQLError as error:
        return Incorrect(f"the parser refuses the expression: {error}")
    except RulesError as error:
        return Incorrect(str(error))
    if isinstance(groups, Incorrect):
        return groups
    if not any(not rule.records for group in groups for rule in group.rules):
        return Incorrect(f"there is no alert among the rules. {_WANTED}.")
    return groups


def _groups(answer: object) -> tuple[Group, ...] | Incorrect:
    if isinstance(answer, list | tuple) and len(answer) == 2:
        answer = {"expr": answer[0], "for": answer[1]}
    if isinstance(answer, str):
        answer = _in_text(answer)
    if isinstance(answer, dict) and "groups" in answer:
        return read_rules(yaml.safe_dump(answer), NAME)
    if isinstance(answer, list) and answer:
        return read_rules(yaml.safe_dump({"groups": [{"rules": answer}]}), NAME)
    if not isinstance(answer, dict) or not isinstance(answer.get("expr"), str):
        return Incorrect(f"{_WANTED}, and it is {kind_of(answer)}.")
    if "alert" in answer or "record" in answer:
        return read_rules(yaml.safe_dump({"groups": [{"rules": [answer]}]}), NAME)
    return (_single(answer["expr"], str(answer.get("for", "0"))),)


def _in_text(text: str) -> Any:
    """Return what YAML reads in a text if that is a rule, or else the text as an expression."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None
    return content if isinstance(content, dict | list) else {"expr": text}


def _single(expr: str, hold: str) -> Group:
    return Group(name=NAME, interval=STEP, rules=(alert_rule("Mine", expr, hold),))


def metrics_of(groups: tuple[Group, ...]) -> set[str]:
    """Return the metrics that the rules read, those that they record themselves left out."""
    rules = [rule for group in groups for rule in group.rules]
    recorded = {rule.name for rule in rules if rule.records}
    return {name for rule in rules for name in _selected(rule)} - recorded


def unexposed(groups: tuple[Group, ...], exposed: list[str]) -> Incorrect | None:
    """Return that a metric is read which no service exposes; None if there is none."""
    for name in sorted(metrics_of(groups) - set(exposed)):
        near = did_you_mean(name, exposed) or f"; there are: {', '.join(exposed)}"
        return Incorrect(f"no pod exposes {name!r}, so the alert never fires{near}.")
    return None


def returns_bool(groups: tuple[Group, ...]) -> bool:
    """Return whether the outermost operator of an alert is a comparison with ``bool``."""
    trees = [rule.tree for group in groups for rule in group.rules if not rule.records]
    return any(_is_bool(tree) for tree in trees)


def _is_bool(tree: Any) -> bool:
    if isinstance(tree, ast.ParenExpr):
        return _is_bool(tree.expr)
    is_binary = isinstance(tree, ast.BinaryExpr) and tree.modifier is not None
    return is_binary and bool(tree.modifier.return_bool)


def _selected(rule: Rule) -> Iterator[str]:
    names: list[str] = []

    def visit(node: ast.Expr) -> None:
        if isinstance(node, ast.VectorSelector) and node.name:
            names.append(node.name)

    ast.walk(rule.tree, visit)
    yield from names
