"""Which alerts fire over the series of a replay, and when."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ghosts.alerts.matching import Vector
from ghosts.alerts.promql import evaluate
from ghosts.alerts.rules import Group, Rule
from ghosts.alerts.series import NAME, Labels, SeriesStore, labels_of, without

_TEMPLATE: Final = re.compile(r"{{\s*\$(?:labels\.(?P<label>\w+)|value)\s*}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One time that an alert was active, of one series. Seconds are simulated."""

    name: str
    labels: Mapping[str, str]
    """Those of the series and of the rule."""
    pending_at: float
    """When its expression held first."""
    fired_at: float | None = None
    """When it had held for as long as ``for`` asks; None if it stopped before."""
    ended_at: float | None = None
    """When it held no more, and was no longer kept firing; None if it was to the end."""
    value: float
    """Of the expression, when it fired; when it held first, if it never fired."""
    annotations: Mapping[str, str]
    """Their templates filled in with that value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What rules make of series: alerts, in the order in which they became pending."""

    alerts: tuple[Alert, ...]
    series: SeriesStore
    """With the series that the rules record, and ``ALERTS``."""

    def fired(self, name: str | None = None) -> list[Alert]:
        """Return the alerts that fired, of that name or of any, in the order in which they did."""
        those = [one for one in self.alerts if one.fired_at is not None]
        named = [one for one in those if name in (None, one.name)]
        return sorted(named, key=lambda one: one.fired_at or 0.0)


def evaluate_rules(groups: Iterable[Group], series: SeriesStore) -> Evaluated:
    """Evaluate rules from second 0 to the last sample, as Prometheus does; return what fires.

    Rules of a group are evaluated in order, so each reads what those before it have recorded. The
    series that are passed in are left as they are.

    Raises:
        PromQLError: a rule needs what is not covered, or matches series ambiguously.
    """
    series = series.copy()
    states = [_RuleState(rule, series) for group in groups for rule in group.rules]
    due = [group.interval for group in groups for _ in group.rules]
    for second in sorted({t for step in due for t in _steps(step, series.until)}):
        for state, interval in zip(states, due, strict=True):
            if second % interval == 0:
                state.evaluate(second)
    alerts = (alert for state in states for alert in state.alerts())
    return Evaluated(alerts=tuple(sorted(alerts, key=lambda one: one.pending_at)), series=series)


def _steps(interval: float, until: float) -> Iterable[float]:
    return (number * interval for number in range(int(until // interval) + 1))


class _RuleState:
    """A rule, what it wrote at its last evaluation, and the alerts that it has made."""

    def __init__(self, rule: Rule, series: SeriesStore) -> None:
        self._rule = rule
        self._series = series
        self._written: set[Labels] = set()
        self._active: dict[Labels, Alert] = {}
        self._gone_at: dict[Labels, float] = {}
        """When the expression of an active alert was first evaluated without it."""
        self._ended: list[Alert] = []

    def alerts(self) -> list[Alert]:
        return [*self._ended, *self._active.values()]

    def evaluate(self, second: float) -> None:
        values = evaluate(self._rule.tree, self._series, second)
        if self._rule.records:
            named = {_relabelled(each, self._rule): value for each, value in values.items()}
        else:
            self._update(values, second)
            named = {_state_series(alert): 1.0 for alert in self._active.values()}
        for labels, value in named.items():
            self._series.add(labels, second, value)
        for labels in self._written - set(named):
            self._series.add(labels, second, None)
        self._written = set(named)

    def _update(self, values: Vector, second: float) -> None:
        rule, active = self._rule, dict[Labels, Alert]()
        for labels, value in values.items():
            own = without(labels, [NAME])
            alert = self._active.pop(labels, None) or _new(rule, own, value, second)
            if alert.fired_at is None and second - alert.pending_at >= rule.hold:
                alert = replace(_new(rule, own, value, alert.pending_at), fired_at=second)
            active[labels] = alert
            self._gone_at.pop(labels, None)
        for labels, alert in self._active.items():
            since = self._gone_at.setdefault(labels, second)
            if alert.fired_at is not None and second - since < rule.keep:
                active[labels] = alert
            else:
                del self._gone_at[labels]
                self._ended.append(replace(alert, ended_at=second))
        self._active = active


def _relabelled(labels: Labels, rule: Rule) -> Labels:
    return labels_of(rule.name, **{**dict(without(labels, [NAME])), **rule.labels})


def _new(rule: Rule, labels: Labels, value: float, second: float) -> Alert:
    filled = dict(labels)
    return Alert(
        name=rule.name,
        labels={
            **filled,
            **{key: _filled(text, filled, value) for key, text in rule.labels.items()},
        },
        pending_at=second,
        value=value,
        annotations={key: _filled(text, filled, value) for key, text in rule.annotations.items()},
    )


def _filled(text: str, labels: Mapping[str, str], value: float) -> str:
    """Return a text with labels and value in the place of their templates, others as they are."""

    def fill(found: re.Match[str]) -> str:
        return labels.get(found["label"], "") if found["label"] else f"{value:.15g}"

    return _TEMPLATE.sub(fill, text)


def _state_series(alert: Alert) -> Labels:
    state = "pending" if alert.fired_at is None else "firing"
    return labels_of("ALERTS", **{**alert.labels, "alertname": alert.name, "alertstate": state})
