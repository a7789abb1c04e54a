"""A short scenario of uploads that hang, which takes half a second to replay."""

from functools import cache
from typing import Final

from ghosts.player.parameters import Parameters
from ghosts.player.rerun import with_limits, with_share
from ghosts.records.recording import Recording
from ghosts.records.scenario import Scenario, parse_scenario
from ghosts.replay import replay
from ghosts.variants import INCIDENT

SHORT: Final[Scenario] = parse_scenario(
    {
        "name": "short",
        "summary": "Devices come and go, and a fifth of the uploads never return",
        "seed": 1,
        "duration": 1800,
        "sample_every": 30,
        "devices": [{"name": "coming", "count": 24, "arrive": [0, 500], "stay": [300, 600]}],
        "faults": [{"backend": "storage", "mode": "never_answers", "share": 0.2}],
    },
    "short",
)


@cache
def replay_short(
    *, workers: int = 16, deadline: float | None = None, share: float = 0.2
) -> Recording:
    parameters = Parameters(workers=workers, deadline=deadline, share=share)
    return replay(with_share(SHORT, share), with_limits(INCIDENT, parameters), measure_memory=False)


def blocked_from(recording: Recording, workers: int) -> float:
    """Return the second of the first sample in which this many workers are blocked."""
    return next(each.t for each in recording.samples if each.workers_blocked == workers)
