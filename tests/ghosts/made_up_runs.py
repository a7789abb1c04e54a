"""Recordings and fleets with just the counts that a test is about."""

from ghosts.mechanisms import CANDIDATES, PodRun, PodSample, Runs, candidate
from ghosts.records.recording import FORMAT, Audio, Event, Recording, Sample, SessionAtEnd
from ghosts.records.scenario import load_scenario

MINUTES = 190
CHUNK = 96_000
"""Bytes of a minute of audio, at a tenth."""


def sample(minute: int, **counts: int) -> Sample:
    zero = dict.fromkeys(
        (
            "gauge",
            "tcp",
            "ghosts",
            "orphans",
            "tasks",
            "leaked_sessions",
            "queued_bytes",
            "retained_bytes",
            "leaked_bytes",
            "workers_busy",
            "workers_blocked",
            "lost_bytes",
            "abandoned_bytes",
            "rss_bytes",
        ),
        0,
    )
    return Sample(t=minute * 60 + 0.5, **{**zero, **counts})


def recording(
    samples: list[Sample] | None = None,
    *,
    variant: str = "gather_all",
    held: list[int] | None = None,
    drains: list[float] | None = None,
) -> Recording:
    """``held`` are the bytes of each ghost at the end, ``drains`` how long sessions took to end."""
    end = MINUTES * 60 - 60.0
    events: list[Event] = []
    for number, seconds in enumerate(drains or []):
        who = f"coming-{number:03}"
        events += [
            Event(t=end - seconds, kind="session_disconnected", who=who),
            Event(t=end, kind="session_closed", who=who),
        ]
    return Recording(
        scenario=load_scenario("production"),
        format=FORMAT,
        variant=variant,
        scale=0.1,
        samples=tuple(samples or [sample(m, gauge=22, tcp=22) for m in range(1, MINUTES + 1)]),
        audio=Audio(received=0, stored=0, lost=0, queued=0),
        events=tuple(events),
        sessions=tuple(
            SessionAtEnd(uid=f"coming-{n:03}", ghost=True, held_bytes=size, retained_bytes=0)
            for n, size in enumerate(held or [])
        ),
        versions={},
    )


def leak(per_hour: int, *, most: int = 10_000, chunks: int = 16) -> list[Sample]:
    """A pod whose ghosts grow in a straight line from minute 20, each holding so many chunks."""
    found = []
    for minute in range(1, MINUTES + 1):
        ghosts = min(most, max(0, minute - 20) * per_hour // 60)
        size = ghosts * chunks * CHUNK
        found.append(sample(minute, gauge=22 + ghosts, tcp=22, ghosts=ghosts, queued_bytes=size))
    return found


def runs(
    before: Recording | None = None,
    after: Recording | None = None,
    fleet: tuple[PodRun, ...] = (),
    name: str = CANDIDATES[0].name,
) -> Runs:
    return Runs(
        candidate(name), before or recording(), after or recording(variant="supervised"), fleet
    )


def pod(number: int, connections: int, ghosts: list[int]) -> PodRun:
    """A pod with so many ghosts at minute 10, 20, and so on."""
    samples = tuple(
        PodSample(
            minute=10 * (n + 1),
            ghosts=count,
            blocked_workers=min(16, count),
            gauge=connections + count,
            tcp=connections,
            held_bytes=count * CHUNK,
        )
        for n, count in enumerate(ghosts)
    )
    last = samples[-1]
    return PodRun(
        pod=number,
        seed=number,
        connections=connections,
        ghosts=last.ghosts,
        blocked_workers=last.blocked_workers,
        gauge=last.gauge,
        tcp_mean=float(connections),
        sixteenth_minute=next((s.minute for s in samples if s.blocked_workers == 16), None),
        held_bytes=last.held_bytes,
        samples=samples,
    )
