"""Write a test of the alert rules, for promtool, whose series real pods have exposed in replays.

python tools/alerts_from_a_replay.py
"""

import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from os.path import relpath
from pathlib import Path
from typing import Any, Final

import yaml
from prometheus_client.parser import text_string_to_metric_families

from ghosts.paths import DATA
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay

RULES: Final = DATA / "alerts" / "ghosts.rules.yml"
WRITTEN: Final = DATA.parent / "build" / "alerts" / "replays.test.yml"

SCRAPE_EVERY: Final = 30
"""Simulated seconds between two scrapes, as often as the rules are evaluated."""
LASTS: Final = 1800
"""Simulated seconds, at least: a fault of the catalogue lasts 900, and alerts may come later."""
FEWER: Final = 4
"""Times: 66 devices instead of 271, which is enough for more ghosts than the rules ignore."""
_OURS: Final = ("pusher_", "async_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A scenario under a lifecycle, and all the alerts that it sets off."""

    scenario: str
    lifecycle: str
    alerts: tuple[str, ...]


STORIES: Final = (
    Story(scenario="production", lifecycle="gather_all", alerts=("GhostConnections",)),
    Story(scenario="production", lifecycle="supervised", alerts=("DrainTimeouts",)),
    Story(scenario="healthy_twin", lifecycle="gather_all", alerts=()),
    Story(scenario="healthy_twin", lifecycle="supervised", alerts=()),
    Story(
        scenario="task_crashes_late",
        lifecycle="supervised",
        alerts=("CrashExits", "DrainTimeouts"),
    ),
    Story(scenario="heartbeat_ends", lifecycle="supervised", alerts=("LoopsEndedUnasked",)),
)


def scrapes(story: Story, *, lasts: int | None = None) -> list[str]:
    """Replay a story, and return what its pod exposed every 30 s, in the text format.

    It lasts as long as its scenario, and at least half an hour; or ``lasts`` seconds.
    The counters of `async_tasks` are the process's: of several stories, each needs its own process.
    """
    scenario = load_scenario(story.scenario).fewer(FEWER)
    duration = max(LASTS, scenario.duration) if lasts is None else lasts
    scenario = replace(scenario, duration=duration, sample_every=SCRAPE_EVERY)
    texts: list[str] = []
    replay(
        scenario,
        story.lifecycle,
        measure_memory=False,
        at_sample=lambda pod: texts.append(pod.pusher.metrics.exposition()),
    )
    return texts


def series(texts: Sequence[str]) -> dict[str, str]:
    """Return promtool's form of what the services have exposed: values by series, _ for none."""
    values: dict[str, list[str]] = {}
    for number, text in enumerate(texts):
        for name, value in _samples(text):
            values.setdefault(name, ["_"] * len(texts))[number] = f"{value:.12g}"
    return {name: " ".join(each) for name, each in values.items()}


def _samples(text: str) -> Iterator[tuple[str, float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith(_OURS) and not sample.name.endswith("_created"):
                labels = {"pod": "replayed", **sample.labels}
                matchers = ", ".join(f'{name}="{value}"' for name, value in labels.items())
                yield f"{sample.name}{{{matchers}}}", sample.value


def group_of(story: Story, texts: Sequence[str]) -> dict[str, Any]:
    """Return promtool's test that a story has set off its alerts, and no other."""
    seconds = (len(texts) - 1) * SCRAPE_EVERY
    return {
        "name": f"{story.scenario} under {story.lifecycle}",
        "interval": f"{SCRAPE_EVERY}s",
        "input_series": [
            {"series": name, "values": values} for name, values in series(texts).items()
        ],
        "promql_expr_test": [
            {
                "expr": "group by (alertname) "
                f'(max_over_time(ALERTS{{alertstate="firing"}}[{seconds}s]))',
                "eval_time": f"{seconds}s",
                "exp_samples": [
                    {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in story.alerts
                ],
            }
        ],
    }


def write(path: Path, groups: Iterable[dict[str, Any]]) -> None:
    """Write tests of the rules to that path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tests = {
        "rule_files": [relpath(RULES, path.parent)],
        "evaluation_interval": f"{SCRAPE_EVERY}s",
        "tests": list(groups),
    }
    path.write_text(yaml.safe_dump(tests, sort_keys=False, width=1000), encoding="utf-8")


def main() -> None:
    """Replay every story, and write what came of it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context, max_tasks_per_child=1) as processes:
        write(WRITTEN, map(group_of, STORIES, processes.map(scrapes, STORIES)))


if __name__ == "__main__":
    main()
