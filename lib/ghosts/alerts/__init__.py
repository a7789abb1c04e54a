"""Alert rules of Prometheus, evaluated over what the services of a replay have exposed.

    scrapes = Scrapes()
    replay(replace(scenario, sample_every=EVERY), "gather_all", at_sample=scrapes.take)
    evaluate_rules(load_rules(), scrapes.series).fired()

It needs no Prometheus. Where `promtool` is installed, tests compare both.
"""

from ghosts.alerts.dashboard import Panel, panels
from ghosts.alerts.errors import PromQLError, RulesError
from ghosts.alerts.firing import Alert, Evaluated, evaluate_rules
from ghosts.alerts.promql import STEP, evaluate, parse
from ghosts.alerts.rules import RULES, Group, Rule, alert_rule, load_rules, read_rules
from ghosts.alerts.scrapes import EVERY, Scrapes, recorded
from ghosts.alerts.series import Labels, SeriesStore, labels_of, written

__all__ = [
    "EVERY",
    "RULES",
    "STEP",
    "Alert",
    "Evaluated",
    "Group",
    "Labels",
    "Panel",
    "PromQLError",
    "Rule",
    "RulesError",
    "Scrapes",
    "SeriesStore",
    "alert_rule",
    "evaluate",
    "evaluate_rules",
    "labels_of",
    "load_rules",
    "panels",
    "parse",
    "read_rules",
    "recorded",
    "written",
]
