"""Runs promtool's test files on the engine of this suite: the same file serves both."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ghosts.alerts import Evaluated, Labels, SeriesStore, evaluate, evaluate_rules, load_rules
from ghosts.alerts.promtool import labels_in
from ghosts.alerts.rules import duration

_REPEATED = re.compile(
    r"(?P<first>-?[\d.eE]+)(?:(?P<by>[+-][\d.eE]+))?x(?P<times>\d+)|_x(?P<gaps>\d+)"
)


def cases_of(path: Path) -> dict[str, dict[str, Any]]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    groups = [group for each in content["rule_files"] for group in load_rules(path.parent / each)]
    return {test["name"]: {**test, "groups": groups} for test in content["tests"]}


def run(test: Mapping[str, Any], *, left_open: bool) -> Evaluated:
    store, interval = SeriesStore(left_open=left_open), duration(test["interval"])
    for each in test["input_series"]:
        for number, value in enumerate(values_of(each["values"])):
            if value != "_":
                store.add(labels_in(each["series"]), number * interval, value)
    return evaluate_rules(test["groups"], store)


def values_of(text: str) -> Iterator[Any]:
    """Yield the values that promtool's notation stands for; None for stale, _ for no sample."""
    for part in text.split():
        found = _REPEATED.fullmatch(part)
        if found is None:
            yield {"_": "_", "stale": None}.get(part, part if part in "_stale" else float(part))
        elif found["gaps"]:
            yield from ["_"] * int(found["gaps"])
        else:
            first, by = float(found["first"]), float(found["by"] or 0)
            yield from (first + by * number for number in range(int(found["times"]) + 1))


def expected(samples: list[dict[str, Any]]) -> dict[Labels, float]:
    return {labels_in(each["labels"]): float(each["value"]) for each in samples}


def answered(asked: Mapping[str, Any], evaluated: Evaluated) -> dict[Labels, float]:
    return evaluate(asked["expr"], evaluated.series, duration(asked["eval_time"]))


def firing_at(asked: Mapping[str, Any], evaluated: Evaluated) -> list[tuple[Any, Any]]:
    second = duration(asked["eval_time"])
    return [
        (one.labels, one.annotations)
        for one in evaluated.fired(asked["alertname"])
        if one.fired_at <= second and (one.ended_at is None or second < one.ended_at)
    ]
