"""When the alert on ghost connections fires on the samples of a recording."""

import re
from typing import Final

import yaml

from ghosts.paths import DATA
from ghosts.records.recording import Recording, Sample

_RULES: Final = DATA / "alerts" / "ghosts.rules.yml"
_EXPRESSION: Final = re.compile(r"pod:ghost_connections:difference > (\d+)")


def ghost_alert(recording: Recording) -> Sample | None:
    """Return the first sample at which `GhostConnections` fires, or None if it never does.

    Its threshold and duration are read from the rules. `make alerts` runs the rules themselves,
    with Prometheus' promtool, on what a pod exposed every 30 s; a recording has a sample every
    ``scenario.sample_every`` seconds.
    """
    more_than, lasting = _rule()
    since: float | None = None
    for sample in recording.samples:
        services = (sample, sample.listen) if sample.listen else (sample,)
        if max(one.gauge - one.tcp for one in services) <= more_than:
            since = None
            continue
        since = sample.t if since is None else since
        if sample.t - since >= lasting:
            return sample
    return None


def _rule() -> tuple[int, int]:
    """Return the threshold in connections, and for how many seconds it must be exceeded."""
    (group,) = yaml.safe_load(_RULES.read_text(encoding="utf-8"))["groups"]
    rule = next(one for one in group["rules"] if one.get("alert") == "GhostConnections")
    found = _EXPRESSION.fullmatch(rule["expr"])
    assert found, rule["expr"]
    return int(found[1]), 60 * int(rule["for"].removesuffix("m"))
