"""The ends of several recordings, side by side and beside what production showed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Final

from ghosts.config import GHOST_AFTER, STORAGE_WORKERS
from ghosts.evidence import fact, pods
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL, load_scenario
from ghosts.report.unseen import unseen_rows

_MIB = 2**20
_POD = "mhjxw"
"""The pod on record whose gauge, connections and ghosts were all published."""

NAMES_IN_WORDS: Final = (
    "gather_all is the service as the incident ran it, supervised does as the published fix does, "
    "shipped is the version to ship. "
    f"A ghost is a session whose TCP connection has been gone for more than {GHOST_AFTER:g} s. "
    "An upload worker is blocked when it has been in the same call for more than "
    f"{GHOST_AFTER:g} s. Resident memory does not fall when what it held is freed; its growth is "
    "from the first sample to the last."
)
PRODUCTION_IN_WORDS: Final = (
    "Production's figures are those of one pod; the growth in 10 minutes is that of another pod, "
    "on which some 6 sessions were stuck. "
    "omi#N is issue or pull request N of the public repository BasedHardware/omi."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of every recording, in words; and production's, with its source, if on record."""

    name: str
    replayed: tuple[str, ...]
    production: str = ""
    source: str = ""


def compare(recordings: Sequence[Recording]) -> list[Row]:
    """Compare recordings of one scale. Memory and audio are in MiB (2**20 bytes) of that scale.

    Production's figures are there only if all recordings are of the production scenario.
    """
    rows = [
        *_memory(recordings),
        *_connections(recordings),
        *_per_ghost(recordings),
        *_audio(recordings),
    ]
    if replay_production(recordings):
        return rows
    return [replace(row, production="", source="") for row in rows]


def replay_production(recordings: Sequence[Recording]) -> bool:
    """Return whether all are of the production scenario, at either scale: that pod's record."""
    production = load_scenario("production")
    return all(each.scenario.at_scale(production.scale) == production for each in recordings)


def _row(
    recordings: Sequence[Recording],
    name: str,
    value: Callable[[Recording], str],
    on_record: str = "",
    source: str = "",
) -> Row:
    return Row(name, tuple(value(each) for each in recordings), on_record, source)


def _memory(recordings: Sequence[Recording]) -> Iterator[Row]:
    """Compare the process: what the OOM killer, and an operator, would see."""
    if not all(each.last.rss_bytes for each in recordings):
        return
    process, growth = fact("largest_pod_mhjxw"), fact("allocator_probe_rss_growth")
    minutes = fact("allocator_probe_duration").value
    yield _row(
        recordings,
        "resident memory at the end",
        lambda each: mib(each.last.rss_bytes),
        f"{process.value:g} {process.unit}",
        f"{process.source}, {process.kind}",
    )
    yield _row(recordings, "its growth", lambda each: mib(each.rss_growth))
    yield _row(
        recordings,
        f"its growth per {minutes:g} minutes{_scaled_up(recordings)}",
        lambda each: mib(_times(recordings) * each.rss_growth / _minutes(each) * minutes),
        f"{growth.value:g} {growth.unit}",
        f"{growth.source}, {growth.kind}, of another pod",
    )
    if all(each.last.allocator for each in recordings):
        yield _row(recordings, "of what malloc holds, in use", _in_use)
    if all(each.trimmed for each in recordings):
        yield _row(recordings, "given back by malloc_trim", _given_back)


def _connections(recordings: Sequence[Recording]) -> Iterator[Row]:
    """Compare the services' counts with those of the operating system."""
    (pod,) = (pod for pod in pods() if pod.pod == _POD)
    published = f"{pod.source}, {pod.kind}"
    yield from _of_listen(recordings)
    yield _row(recordings, "gauge", lambda each: f"{each.last.gauge:,}", f"{pod.gauge}", published)
    yield _row(
        recordings, "TCP connections", lambda each: f"{each.last.tcp:,}", f"{pod.tcp}", published
    )
    live = fact("live_connections_per_pod")
    yield _row(
        recordings,
        "TCP connections, mean and most",
        lambda each: (
            f"{fmean(one.tcp for one in each.samples):.1f}, {max(one.tcp for one in each.samples)}"
        ),
        f"{live.value:.1f}",
        f"{live.source}, {live.kind}, mean of the fleet",
    )
    yield _row(
        recordings, "ghosts", lambda each: f"{each.last.ghosts:,}", f"{pod.ghosts}", published
    )
    yield from (Row(*each) for each in unseen_rows(recordings))
    yield _row(recordings, "orphan tasks", lambda each: f"{each.last.orphans:,}")
    yield _row(recordings, "leaked sessions", lambda each: f"{each.last.leaked_sessions:,}")
    yield _row(
        recordings,
        "blocked upload workers",
        lambda each: f"{each.last.workers_blocked} of {STORAGE_WORKERS}",
    )


def _per_ghost(recordings: Sequence[Recording]) -> Iterator[Row]:
    """Compare what ghosts keep in memory."""
    stated = fact("memory_per_ghost")
    on_record = f"about {stated.value:g} {stated.unit}", f"{stated.source}, {stated.kind}"
    yield _row(recordings, "memory held by ghosts", lambda each: mib(each.last.retained_bytes))
    times = _times(recordings)
    if times == 1:
        yield _row(recordings, "memory per ghost", _of_each_ghost, *on_record)
        return
    yield _row(recordings, "memory per ghost", _of_each_ghost)
    yield _row(
        recordings,
        f"memory per ghost{_scaled_up(recordings)}",
        lambda each: _of_each_ghost(each, times),
        *on_record,
    )


def _audio(recordings: Sequence[Recording]) -> Iterator[Row]:
    """Compare where the audio is."""
    yield _row(recordings, "audio received", lambda each: mib(each.audio.received))
    yield _row(recordings, "audio stored", lambda each: mib(each.audio.stored))
    yield _row(recordings, "audio lost", lambda each: mib(each.audio.lost))
    yield _row(recordings, "audio still queued", lambda each: mib(each.audio.queued))


def _of_listen(recordings: Sequence[Recording]) -> list[Row]:
    """Compare what listen looked like, if devices came through it in all of them."""
    seen = [each.last.listen for each in recordings if each.last.listen is not None]
    if len(seen) < len(recordings):
        return []
    return [
        Row("listen: gauge", tuple(f"{each.gauge:,}" for each in seen)),
        Row("listen: TCP connections", tuple(f"{each.tcp:,}" for each in seen)),
        Row("listen: ghosts", tuple(f"{each.ghosts:,}" for each in seen)),
        Row("listen: orphan tasks", tuple(f"{each.orphans:,}" for each in seen)),
    ]


def name_of_pod() -> str:
    """Say which pod production's figures are of, and when they were read."""
    (pod,) = (pod for pod in pods() if pod.pod == _POD)
    return f"pod {pod.pod}, {pod.date}"


def scale_in_words(recording: Recording) -> str:
    """Say what fraction of production's bytes a recording moved, and what that means for it."""
    if recording.scale == FULL:
        return "All of production's audio bytes."
    return (
        f"At {recording.scale:g} of production's audio bytes, with every constant of the service "
        f"unchanged: multiply MiB by {FULL / recording.scale:g} to compare, as is done in the "
        "rows that are scaled up."
    )


def mib(size: float) -> str:
    """Write a size in bytes as MiB."""
    return f"{size / _MIB:,.1f} MiB"


def _times(recordings: Sequence[Recording]) -> int:
    """Return by what to multiply bytes to compare them with production's."""
    return round(FULL / recordings[0].scale)


def _scaled_up(recordings: Sequence[Recording]) -> str:
    """Return by what the bytes of a row are multiplied, for its name."""
    times = _times(recordings)
    return f", scaled up (times {times})" if times > 1 else ""


def _minutes(recording: Recording) -> float:
    return (recording.last.t - recording.samples[0].t) / 60 or 1.0


def _in_use(recording: Recording) -> str:
    heap = recording.last.allocator
    return f"{heap.in_use_bytes / heap.held_bytes:.1%}" if heap else "-"


def _given_back(recording: Recording) -> str:
    trimmed = recording.trimmed
    return mib(trimmed.rss_before_bytes - trimmed.rss_after_bytes) if trimmed else "-"


def _of_each_ghost(recording: Recording, times: int = 1) -> str:
    """Median, least and most."""
    each = [times * one.retained_bytes / _MIB for one in recording.sessions if one.ghost]
    return f"{median(each):.1f} MiB ({min(each):.1f} to {max(each):.1f})" if each else "-"
