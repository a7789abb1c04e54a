"""The engine gives what Prometheus' promtool gives: files that `make alerts` runs on promtool."""

from pathlib import Path
from typing import Any

import pytest
from promtool_files import answered, cases_of, expected, firing_at, run

from ghosts.alerts import RULES

OF_RULES = cases_of(RULES.with_name("ghosts.test.yml"))
OF_ENGINE = cases_of(Path(__file__).with_name("promql.test.yml"))


@pytest.mark.parametrize("left_open", [False, True], ids=["Prometheus 2", "Prometheus 3"])
@pytest.mark.parametrize("name", [*OF_RULES, *OF_ENGINE])
def test_each_expression_and_alert_is_what_promtool_makes_of_it(name: str, left_open: bool) -> None:
    test: dict[str, Any] = {**OF_RULES, **OF_ENGINE}[name]
    evaluated = run(test, left_open=left_open)
    for asked in test.get("promql_expr_test", ()):
        wanted = expected(asked.get("exp_samples") or [])
        assert answered(asked, evaluated) == pytest.approx(wanted, nan_ok=True), asked
    for asked in test.get("alert_rule_test", ()):
        wanted = [
            (one["exp_labels"], one["exp_annotations"]) for one in asked.get("exp_alerts", ())
        ]
        assert firing_at(asked, evaluated) == wanted, asked
