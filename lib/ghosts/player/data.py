"""What the player draws: recordings as JSON values, with the colours of `ghosts.plots`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from matplotlib.colors import to_hex

from ghosts.config import STORAGE_WORKERS
from ghosts.plots.lane import Lane, lanes_of
from ghosts.plots.lanes import STATES, State, shade_of
from ghosts.plots.recordings import mib_at, names_of, scale_of
from ghosts.plots.style import BLOCKED, FAULT, GAUGE, MEMORY, PEERS, TCP, Look, legible
from ghosts.records.recording import Recording

Json: TypeAlias = dict[str, Any]
_COUNTS: Final = (
    "gauge",
    "tcp",
    "ghosts",
    "half_open",
    "workers_blocked",
    "rss_bytes",
    "retained_bytes",
)


@dataclass(frozen=True, slots=True)
class Run:
    """A recording with the name that the player shows and the number of its upload workers."""

    name: str
    recording: Recording
    workers: int = STORAGE_WORKERS


def runs_of(recordings: Sequence[Recording]) -> list[Run]:
    """Return recordings that were made with the published number of workers, under their names."""
    return [Run(*each) for each in zip(names_of(recordings), recordings, strict=True)]


def player_data(runs: Sequence[Run]) -> Json:
    """Return what the player draws of runs, each with a sample; no sample is left out.

    Times are simulated seconds, sizes are bytes.

    Raises:
        ValueError: the runs are not of one scale.
    """
    states = [state for state in STATES if not state.rare or any(_lanes(state, runs))]
    return {
        "runs": [_run(run) for run in runs],
        "memory": mib_at(scale_of([run.recording for run in runs])),
        "states": [
            {"state": _key(state), "meaning": f"{state.name}: {state.meaning}".removesuffix(": ")}
            for state in states
        ],
        "looks": {
            **{_key(state): _look(state.look, shade_of(state)) for state in STATES},
            "gauge": _look(GAUGE),
            "tcp": _look(TCP),
            "blocked": _look(BLOCKED),
            "memory": _look(MEMORY),
            "fault": _look(FAULT, "#eeeeee"),
            "incident": _look(PEERS[1]),
        },
    }


def _run(run: Run) -> Json:
    recording = run.recording
    lanes, until = lanes_of(recording), recording.last.t
    full = (each.t for each in recording.samples if each.workers_blocked >= run.workers)
    return {
        "name": run.name,
        "workers": run.workers,
        "all_blocked_at": next(full, None),
        "sessions": len(lanes),
        "samples": {
            name: [getattr(sample, name) for sample in recording.samples]
            for name in ("t", *_COUNTS)
        },
        "lanes": {_key(state): list(_spans(state, lanes, until)) for state in STATES},
        "faults": [
            {
                "start": fault.start,
                "end": until if fault.end is None else fault.end,
                "name": f"{fault.backend}: {fault.mode}".replace("_", " "),
            }
            for fault in recording.scenario.faults
            if fault.start != "departure" and fault.share == 1
        ],
    }


def _spans(state: State, lanes: Sequence[Lane], until: float) -> Iterator[list[float]]:
    """Yield row, start and end of each bar, in whole milliseconds: a pixel is seconds wide."""
    for row, lane in enumerate(lanes):
        span = state.of(lane, until)
        if span is not None:
            yield [row, round(span[0], 3), round(span[1], 3)]


def _lanes(state: State, runs: Sequence[Run]) -> Iterator[list[float]]:
    for run in runs:
        yield from _spans(state, lanes_of(run.recording), run.recording.last.t)


def _key(state: State) -> str:
    return state.name.replace("-", "_")


def _look(look: Look, fill: Any = None) -> Json:
    return {
        "color": look.color,
        "ink": to_hex(legible(look.color)),
        "fill": to_hex(fill if fill is not None else look.color),
        "hatch": look.hatch,
        "width": look.linewidth,
        "dash": look.linestyle,
    }
