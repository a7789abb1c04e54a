"""What Prometheus' own promtool makes of an alert, where it is installed."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from ghosts.alerts import STEP, Evaluated, Group, Rule
from ghosts.alerts.promtool import found, input_series
from ghosts.exercises.catalogue.the_alert.findings import spans
from ghosts.exercises.catalogue.the_alert.fleet import Fleet

_FIRING = 'group by (pod) (ALERTS{alertstate="firing"})'


def promtool_says(
    groups: tuple[Group, ...], every: Sequence[Fleet], evaluated: Sequence[Evaluated]
) -> dict[str, str]:
    """Return whether promtool has the alert fire on the same pods from and to the same seconds.

    Empty without a promtool.
    """
    path, intervals = found(), {group.interval for group in groups}
    if path is None:
        return {}
    if len(intervals) > 1:
        return {"promtool": "not asked: its tests evaluate all groups at one interval"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rules.yml").write_text(yaml.safe_dump(_rules(groups)), encoding="utf-8")
        tests = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": f"{intervals.pop():.0f}s",
            "tests": [_test(*both) for both in zip(every, evaluated, strict=True)],
        }
        written = Path(folder) / "test.yml"
        written.write_text(yaml.safe_dump(tests, width=100_000), encoding="utf-8")
        command = [path, "test", "rules", str(written)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    return {
        "promtool": "agrees" if run.returncode == 0 else f"does not agree: {run.stdout}{run.stderr}"
    }


def _rules(groups: tuple[Group, ...]) -> dict[str, Any]:
    return {
        "groups": [
            {"name": str(number), "rules": [_rule(rule) for rule in group.rules]}
            for number, group in enumerate(groups)
        ]
    }


def _rule(rule: Rule) -> dict[str, Any]:
    kind = {"record": rule.name} if rule.records else {"alert": rule.name}
    hold = {} if rule.records else {"for": f"{rule.hold:.0f}s"}
    keep = {"keep_firing_for": f"{rule.keep:.0f}s"} if rule.keep else {}
    return {**kind, "expr": rule.expr, **hold, **keep, "labels": dict(rule.labels)}


def _test(fleet: Fleet, evaluated: Evaluated) -> dict[str, Any]:
    return {
        "interval": f"{STEP:.0f}s",
        "input_series": input_series(fleet.series),
        "promql_expr_test": [*_asked(fleet, evaluated)],
    }


def _asked(fleet: Fleet, evaluated: Evaluated) -> Iterator[dict[str, Any]]:
    """Yield which pods fire, wherever that changes and just before it, and at the end."""
    firing, until = spans(evaluated), fleet.series.until
    edges = {edge for those in firing.values() for one in those for edge in (one.begin, one.end)}
    seconds = {second for edge in edges for second in (edge - STEP, edge) if 0 <= second < until}
    for second in sorted({*seconds, until}):
        samples = [
            {"labels": f'{{pod="{pod}"}}', "value": 1}
            for pod, those in firing.items()
            if any(one.begin <= second < one.end for one in those)
        ]
        yield {"expr": _FIRING, "eval_time": f"{second:.0f}s", "exp_samples": samples}
