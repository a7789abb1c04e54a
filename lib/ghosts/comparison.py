"""The ends of several recordings, side by side and beside what production showed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from ghosts.evidence import fact, pods
from ghosts.records.recording import Recording
from ghosts.records.scenario import FULL
from ghosts.settings import GHOST_AFTER, STORAGE_WORKERS

_MIB = 2**20
_POD = "mhjxw"
"""The pod on record whose gauge, connections and ghosts were all published."""

NAMES_IN_WORDS: Final = (
    "gather_all is the service as the incident ran it, supervised does as the published fix does, "
    "shipped is the version to ship. "
    f"A ghost is a session whose TCP connection has been gone for more than {GHOST_AFTER:g} s. "
    "Resident memory does not fall when what it held is freed. "
    "Production's figures are those of one pod, which only the production scenario replays. "
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
    """Compare recordings of one scale. Memory and audio are in MiB (2**20 bytes) of that scale."""
    (pod,) = (pod for pod in pods() if pod.pod == _POD)
    published = f"{pod.source}, {pod.kind}"
    process = fact("largest_pod_mhjxw")
    per_ghost = fact("memory_per_ghost")

    def row(name: str, value: Callable[[Recording], str], *production: str) -> Row:
        return Row(name, tuple(value(recording) for recording in recordings), *production)

    rows = [
        *_of_listen(recordings),
        row("gauge", lambda each: f"{each.last.gauge:,}", f"{pod.gauge}", published),
        row("TCP connections", lambda each: f"{each.last.tcp:,}", f"{pod.tcp}", published),
        row("ghosts", lambda each: f"{each.last.ghosts:,}", f"{pod.ghosts}", published),
        row("orphan tasks", lambda each: f"{each.last.orphans:,}"),
        row("memory held by ghosts", lambda each: mib(each.last.retained_bytes)),
        row(
            "resident memory",
            lambda each: mib(each.last.rss_bytes),
            f"{process.value:g} {process.unit}",
            f"{process.source}, {process.kind}",
        ),
    ]
    stated = (
        f"about {per_ghost.value:g} {per_ghost.unit}",
        f"{per_ghost.source}, {per_ghost.kind}",
    )
    if recordings[0].scale == FULL:
        rows.append(row("memory per ghost", _per_ghost, *stated))
    else:
        times = round(FULL / recordings[0].scale)
        rows.append(row("memory per ghost", _per_ghost))
        rows.append(row(f"the same, times {times}", lambda each: _per_ghost(each, times), *stated))
    rows += [
        row("audio received", lambda each: mib(each.audio.received)),
        row("audio stored", lambda each: mib(each.audio.stored)),
        row("audio lost", lambda each: mib(each.audio.lost)),
        row("audio still queued", lambda each: mib(each.audio.queued)),
        row("upload workers held", lambda each: f"{each.last.workers_busy} of {STORAGE_WORKERS}"),
    ]
    return rows


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
        f"unchanged: multiply MiB by {FULL / recording.scale:g} to compare."
    )


def mib(size: float) -> str:
    """Write a size in bytes as MiB."""
    return f"{size / _MIB:,.1f} MiB"


def _per_ghost(recording: Recording, times: int = 1) -> str:
    """Median, least and most."""
    each = [times * one.retained_bytes / _MIB for one in recording.sessions if one.ghost]
    return f"{median(each):.1f} MiB ({min(each):.1f} to {max(each):.1f})" if each else "-"
