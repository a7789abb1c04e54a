"""What Prometheus' own promtool makes of an alert, where it is installed."""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ghosts.alerts import STEP, Alert, Group, Rule
from ghosts.alerts.promtool import fires_first, found, input_series
from ghosts.exercises.catalogue.the_alert.cases import Case, cases


def promtool_says(groups: tuple[Group, ...], first: Mapping[str, Alert | None]) -> dict[str, str]:
    """Return whether promtool has the alert fire on the same pods at the same time, too.

    ``first`` has the first alert on each pod, None where none fires. Empty without a promtool.
    """
    path = found()
    if path is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rules.yml").write_text(yaml.safe_dump(_rules(groups)), encoding="utf-8")
        tests = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": f"{STEP:.0f}s",
            "tests": [_test(case, first[name]) for name, case in cases().items()],
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
    return {**kind, "expr": rule.expr, **hold, "labels": dict(rule.labels)}


def _test(case: Case, first: Alert | None) -> dict[str, Any]:
    return {
        "name": case.name,
        "interval": f"{STEP:.0f}s",
        "input_series": input_series(case.series),
        "promql_expr_test": [*_asked(case.series.until, first)],
    }


def _asked(until: float, first: Alert | None) -> Iterator[dict[str, Any]]:
    if first is None or first.fired_at is None:
        over_all = f'group(max_over_time(ALERTS{{alertstate="firing"}}[{until:.0f}s]))'
        yield {"expr": over_all, "eval_time": f"{until:.0f}s"}
        return
    yield from fires_first('group(ALERTS{alertstate="firing"})', first.fired_at)
