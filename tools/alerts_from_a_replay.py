"""Write a test of the alert rules, for promtool, whose series real pods have exposed in replays.

python tools/alerts_from_a_replay.py

Each alert is expected at the second at which `ghosts.alerts` has it fire, and not 30 s before.
"""

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from os.path import relpath
from pathlib import Path
from typing import Any, Final

import yaml

from ghosts.alerts import EVERY, RULES, Evaluated, Scrapes, SeriesStore, evaluate_rules, load_rules
from ghosts.alerts.promtool import fires_first, input_series, left_open
from ghosts.paths import DATA
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay

WRITTEN: Final = DATA.parent / "build" / "alerts" / "replays.test.yml"

LASTS: Final = 1800
"""Simulated seconds, at least: a fault of the catalogue lasts 900, and alerts may come later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A scenario under a variant, and all the alerts that it sets off."""

    scenario: str
    variant: str
    alerts: tuple[str, ...]
    fewer: int = 4
    """Times fewer devices than the scenario has: of production's 271 there are 66, which is enough
    for more ghosts than the rules ignore."""


STORIES: Final = (
    Story(scenario="production", variant="gather_all", alerts=("GhostConnections",)),
    Story(scenario="production", variant="supervised", alerts=("DrainTimeouts",)),
    Story(scenario="healthy_twin", variant="gather_all", alerts=(), fewer=8),
    Story(scenario="healthy_twin", variant="supervised", alerts=(), fewer=8),
    Story(
        scenario="task_crashes_late",
        variant="supervised",
        alerts=("CrashExits", "DrainTimeouts"),
    ),
    Story(scenario="heartbeat_ends", variant="supervised", alerts=("LoopsEndedUnasked",)),
    Story(
        scenario="ghosts_in_listen",
        variant="gather_all",
        alerts=("ConnectionsWithoutDevices", "GhostConnections"),
        fewer=1,
    ),
    Story(scenario="ghosts_in_listen", variant="supervised", alerts=("DrainTimeouts",), fewer=1),
    Story(scenario="pusher_restarts", variant="gather_all", alerts=()),
)


def scrapes(story: Story, *, lasts: int | None = None) -> SeriesStore:
    """Replay a story, and return what its pods exposed every 30 s.

    It lasts as long as its scenario, and at least half an hour; or ``lasts`` seconds.
    """
    scenario = load_scenario(story.scenario).fewer(story.fewer)
    duration = max(LASTS, scenario.duration) if lasts is None else lasts
    scenario = replace(scenario, duration=duration, sample_every=EVERY)
    taken = Scrapes()
    replay(scenario, story.variant, measure_memory=False, at_sample=taken.take)
    return taken.series


def group_of(story: Story, series: SeriesStore, *, left_open: bool) -> dict[str, Any]:
    """Return promtool's test that a story sets off its alerts, when it does, and no other."""
    evaluated = evaluate_rules(load_rules(), series.copy(left_open=left_open))
    return {
        "name": f"{story.scenario} under {story.variant}",
        "interval": f"{EVERY}s",
        "input_series": input_series(series),
        "promql_expr_test": [
            {
                "expr": "group by (alertname) "
                f'(max_over_time(ALERTS{{alertstate="firing"}}[{series.until:.0f}s]))',
                "eval_time": f"{series.until:.0f}s",
                "exp_samples": [
                    {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in story.alerts
                ],
            },
            *(each for alert in story.alerts for each in _first_time(alert, evaluated)),
        ],
    }


def _first_time(alert: str, evaluated: Evaluated) -> Iterator[dict[str, Any]]:
    """Yield that an alert fires from the second on at which it first does here."""
    expr = f'group(ALERTS{{alertname="{alert}", alertstate="firing"}})'
    yield from fires_first(expr, evaluated.fired(alert)[0].fired_at or 0.0)


def write(path: Path, groups: Iterable[dict[str, Any]]) -> None:
    """Write tests of the rules to that path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tests = {
        "rule_files": [relpath(RULES, path.parent)],
        "evaluation_interval": f"{EVERY}s",
        "tests": list(groups),
    }
    path.write_text(yaml.safe_dump(tests, sort_keys=False, width=1000), encoding="utf-8")


def main() -> None:
    """Replay every story, and write what came of it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context, max_tasks_per_child=1) as processes:
        taken = processes.map(scrapes, STORIES)
        groups = map(partial(group_of, left_open=left_open()), STORIES, taken)
        write(WRITTEN, groups)


if __name__ == "__main__":
    main()
