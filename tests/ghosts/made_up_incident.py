"""A small incident that is not this project's: its scenario, its recordings, and its file."""

import tomllib
from functools import cache
from pathlib import Path

from ghosts.records.recording import Recording
from ghosts.records.scenario import parse_scenario
from ghosts.replay.run import replay

SCENARIO = """
summary = "Storage hangs, and eight of nine devices leave"
seed = 7
duration = 900
sample_every = 30

[[devices]]
name = "staying"
count = 1

[[devices]]
name = "leaving"
count = 8
stay = [240, 245]

[[faults]]
backend = "storage"
mode = "never_answers"
"""
INCIDENT = '''
title = "Uploads that hang"
status = "resolved"
scenario = "mine.toml"
summary = """
{errors} on {detected}; {gather_all.ghosts} until {fixed}, {time to fix} later, see omi#7283."""

[[figures]]
name = "errors"
value = 1200
unit = "errors"
kind = "measured"
source = "https://example.org/dashboard/1"

[[timeline]]
at = 2026-11-03T15:05:00+01:00
event = "First page"
kind = "measured"
source = "the pager"
mark = "detected"

[[timeline]]
at = "2026-11-03T13:50:00Z"
event = "Storage stops answering"
kind = "stated"
mark = "began"

[[timeline]]
at = 2026-11-04
event = "Deploy of deadlines"
mark = "fixed"

[[factors]]
name = "no deadline"
text = """
The upload has no | time limit,
*none* at <all> `a|b {c}`"""
source = "settings"

[[actions]]
what = "Give the upload a deadline"
state = "proposed"
against = ["no deadline"]
shown_by = "replays"
before = "gather_all"
after = "shipped"

[[actions]]
what = "Alert on the difference"
against = ["no deadline"]
'''


@cache
def recordings() -> tuple[Recording, ...]:
    """Return recordings of the scenario, before the fix and of the version to ship."""
    scenario = parse_scenario({"name": "mine", **tomllib.loads(SCENARIO)}, "mine.toml")
    return tuple(replay(scenario, name, measure_memory=False) for name in ("gather_all", "shipped"))


def write_in(folder: Path, incident: str = INCIDENT) -> list[Path]:
    """Write all of it into a folder; return the paths of the incident and the recordings."""
    (folder / "mine.toml").write_text(SCENARIO, encoding="utf-8")
    paths = [folder / "incident.toml"]
    paths[0].write_text(incident, encoding="utf-8")
    for one in recordings():
        paths.append(folder / f"{one.variant}.json")
        one.save(paths[-1])
    return paths
