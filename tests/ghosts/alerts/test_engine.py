"""Expressions and rules that cannot be evaluated, and what the services of a replay expose."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from ghosts.alerts import (
    EVERY,
    PromQLError,
    RulesError,
    Scrapes,
    SeriesStore,
    alert_rule,
    evaluate,
    evaluate_rules,
    labels_of,
    load_rules,
    promtool,
    read_rules,
)
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay


def store() -> SeriesStore:
    series = SeriesStore()
    for pod in ("a", "b"):
        series.add(labels_of("gauge", pod=pod), 0, 1)
        series.add(labels_of("tcp", pod=pod), 0, 1)
    return series


@pytest.mark.parametrize(
    ("expr", "says"),
    [
        ("gauge - tcp >> 5", "invalid promql query: 'gauge - tcp >> 5'"),
        ("sum(gauge", "unclosed left parenthesis: 'sum(gauge'"),
        ("rate(gauge)", "expected type matrix in call to function 'rate', got vector"),
        ("gauge @ 5", "@ is not covered here"),
        ("gauge[5m]", "a value at one moment is needed"),
        ("mad_over_time(gauge[5m])", "mad_over_time() is not covered here"),
        (r'label_replace(gauge, "a", "$1", "pod", "(\\pL)")', "'(\\\\pL)' is not covered"),
        ('count_values("value", gauge)', "count_values is not covered here: sum, min, max"),
        ("gauge atan2 tcp", "the operator atan2 is not covered here"),
        ("gauge - on () tcp", 'tcp{pod="a"} and tcp{pod="b"} match the same series'),
        ('gauge - on () tcp{pod="a"}', "several series match"),
        (
            '{__name__=~"gauge|tcp", pod="a"} + 1',
            'two series of the result have the labels {pod="a"}',
        ),
        (r'gauge{pod=~"\\pL"}', "the regular expression '\\\\pL' is not covered"),
    ],
)
def test_an_expression_that_fails_says_why_in_one_line(expr: str, says: str) -> None:
    with pytest.raises(PromQLError, match=re.escape(says)) as failed:
        evaluate(expr, store(), 0)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("groups: [", "mine.yml: not YAML: "),
        ("rules: []", "mine.yml: should have groups: with a list of rules: in each"),
        ("groups: [{name: a, rules: [{alert: A}]}]", "should have expr: and either record: or"),
        ("groups: [{rules: [{alert: A, expr: up, for: soon}]}]", "for of A: should be a duration"),
        ("groups: [{rules: [{alert: A, expr: up ==}]}]", "mine.yml: A: "),
        ("groups: [{rules: [{alert: A, expr: up, limit: 1}]}]", "A: limit is not covered here"),
    ],
)
def test_a_rules_file_that_is_none_says_why_in_one_line(text: str, says: str) -> None:
    with pytest.raises((RulesError, PromQLError), match=re.escape(says)) as failed:
        read_rules(text, "mine.yml")
    assert "\n" not in str(failed.value)


def test_an_alert_that_stops_before_its_time_is_pending_and_does_not_fire() -> None:
    series = SeriesStore()
    for number, value in enumerate([0, 9, 9, 0, 9, 9, 9, 9]):
        series.add(labels_of("gauge"), 30 * number, value)
    group = replace(load_rules()[0], rules=(alert_rule("High", "gauge > 5", "90s"),))
    first, second = evaluate_rules([group], series).alerts
    assert (first.pending_at, first.fired_at, first.ended_at) == (30, None, 90)
    assert (second.pending_at, second.fired_at, second.ended_at) == (120, 210, None)


def test_an_alert_is_kept_firing_and_a_pending_one_is_not() -> None:
    series = SeriesStore()
    for number, value in enumerate([9, 0, 9, 9, 9, 0, 0, 9, 0, 0, 0, 0]):
        series.add(labels_of("gauge"), 30 * number, value)
    (group,) = read_rules(
        "groups: [{rules: [{alert: High, expr: gauge > 5, for: 1m, keep_firing_for: 90s}]}]"
    )
    pending, fired = evaluate_rules([group], series).alerts
    assert (pending.fired_at, pending.ended_at) == (None, 30)
    assert (fired.pending_at, fired.fired_at, fired.ended_at) == (60, 120, 330)


@pytest.mark.parametrize(
    ("says", "left_open"),
    [
        ("promtool, version 2.53.1 (branch: HEAD)", False),
        ("promtool, version 3.0.0-rc.1", True),
        ("promtool, version v3.1.0", True),
        ("promtool (devel)", True),
        ("", True),
    ],
)
def test_ranges_are_read_as_the_version_of_promtool_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, left_open: bool
) -> None:
    script = tmp_path / "promtool"
    script.write_text(f"#!/bin/sh\necho '{says}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert promtool.left_open() is left_open


def hangs(scrapes: Scrapes) -> None:
    """Devices leave while speech to text hangs, under the fix: drains run out of time in listen."""
    scenario = replace(load_scenario("speech_never_answers"), duration=420, sample_every=EVERY)
    replay(scenario, "supervised", measure_memory=False, at_sample=scrapes.take)


def test_a_second_replay_in_a_process_begins_with_counters_of_its_own() -> None:
    first, again = Scrapes(), None
    hangs(first)
    again = Scrapes()
    hangs(again)
    timeouts = labels_of("async_drain_timeout_total", pod="listen-1", label="listen_bg")
    told = [*first.series.samples(timeouts)]
    assert told[-1] == (420, 3)
    assert [*again.series.samples(timeouts)] == told


def test_each_service_is_a_pod_and_so_is_the_next_pusher() -> None:
    scrapes = Scrapes()
    scenario = replace(load_scenario("pusher_restarts"), sample_every=EVERY)
    replay(scenario, "gather_all", measure_memory=False, at_sample=scrapes.take)
    gauges = [f"{service}_active_ws_connections" for service in ("pusher", "listen")]
    pods = {dict(labels)["pod"] for labels in scrapes.series.series(gauges)}
    assert pods == {"pusher-1", "pusher-2", "listen-1"}
    before = labels_of("pusher_active_ws_connections", pod="pusher-1")
    assert [*scrapes.series.samples(before)][-1] == (150, None)
