"""Reads an answer: an expression and its ``for``, or rules as a file of Prometheus has them."""

from typing import Any, Final

import yaml

from ghosts.alerts import Group, PromQLError, RulesError, read_rules
from ghosts.errors import did_you_mean
from ghosts.exercises.answers import kind_of
from ghosts.exercises.catalogue.the_alert.structure import alerts_of, metrics_of
from ghosts.exercises.outcome import Incorrect

NAME: Final = "my_alert"
_NO_NAME: Final = "Mine"
"""The name of an alert that has none."""
_WANTED: Final = (
    'my_alert should be {"expr": "..", "for": ".."}, or a text: a rule of Prometheus in YAML'
)


def groups_of(answer: object) -> tuple[Group, ...] | Incorrect:
    """Return the rules of an answer, at least one of them an alert."""
    try:
        groups = _groups(answer)
    except PromQLError as error:
        words = str(error).removeprefix(f"{NAME}: {_NO_NAME}: ")
        return Incorrect(f"the parser refuses the expression: {words}")
    except RulesError as error:
        return Incorrect(str(error))
    except yaml.YAMLError:  # a value in it that YAML cannot write, such as a timedelta
        return Incorrect(f"{_WANTED}. One of its values is neither a text nor a number.")
    if isinstance(groups, Incorrect):
        return groups
    if not alerts_of(groups):
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
    if "alert" not in answer and "record" not in answer:
        answer = {"alert": _NO_NAME, **answer}
    return read_rules(yaml.safe_dump({"groups": [{"rules": [answer]}]}), NAME)


def _in_text(text: str) -> Any:
    """Return what YAML reads in a text if that is a rule, or else the text as an expression."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None
    return content if isinstance(content, dict | list) else {"expr": text}


def unexposed(groups: tuple[Group, ...], exposed: list[str]) -> Incorrect | None:
    """Return that a metric is read which no service exposes; None if there is none."""
    for name in sorted(metrics_of(groups) - set(exposed)):
        near = did_you_mean(name, exposed) or f"; there are: {', '.join(exposed)}."
        return Incorrect(f"no pod exposes {name!r}, so the alert never fires{near}")
    return None
