"""The podcast scenario replayed: what of it arrived at the far ends."""

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from ghosts.backends import Backend
from ghosts.records.recording import Recording
from ghosts.records.scenario import TENTH, Scenario, load_scenario
from ghosts.replay.run import replay
from ghosts.simulation import podcast
from ghosts.simulation.test_bed import TestBed

PODCAST = load_scenario("podcast")
ALL = podcast.SEGMENTS, podcast.WORDS
WEBHOOK = Backend.TRANSCRIPT_WEBHOOK


@dataclass(frozen=True, slots=True)
class Arrived:
    recording: Recording
    segments: dict[str, str]
    """The text of each segment that the webhook received, joined from its pieces."""
    pieces: int
    stored_twice: int
    told: dict[str, list[dict[str, Any]]]
    """What each app received."""
    processed: list[str]

    @property
    def counts(self) -> tuple[int, int]:
        return len(self.segments), sum(len(text.split()) for text in self.segments.values())

    @property
    def lost_bytes(self) -> int:
        return self.recording.audio.lost


def play(scenario: Scenario, variant: str) -> Arrived:
    seen: list[Arrived] = []

    def read(bed: TestBed) -> None:
        came = [
            segment for one in bed.backends[WEBHOOK].received for segment in json.loads(one.text)
        ]
        told = defaultdict(list)
        for one in bed.backends[Backend.APPS].received:
            told[one.query["app"]] += json.loads(one.text)
        seen.append(
            Arrived(
                recording=None,
                segments=put_together(came),
                pieces=len(came),
                stored_twice=bed.backends.stored_twice_bytes,
                told=dict(told),
                processed=[
                    one.query["conversation_id"]
                    for one in bed.backends[Backend.CONVERSATIONS].received
                ],
            )
        )

    recording = replay(scenario, variant, measure_memory=False, at_end=read)
    return replace(seen[0], recording=recording)


def put_together(pieces: list[dict[str, Any]]) -> dict[str, str]:
    texts: dict[str, dict[float, str]] = defaultdict(dict)
    for piece in pieces:
        texts[piece["id"]][piece["start"]] = piece["text"]
    return {name: " ".join(text for _, text in sorted(of.items())) for name, of in texts.items()}


def script() -> dict[str, str]:
    """Return the text of the podcast, by segment."""
    texts: dict[str, list[str]] = defaultdict(list)
    for word in podcast.words():
        texts[f"segment-{word.segment:03}"].append(word.text)
    return {name: " ".join(said) for name, said in texts.items()}


def podcast_with_faults_of(name: str) -> Scenario:
    """Return the podcast at a tenth of the bytes, with the faults of another scenario."""
    other = load_scenario(name)
    return replace(
        PODCAST,
        scale=TENTH,
        faults=other.faults,
        handlers_cancelled_at=other.handlers_cancelled_at,
        pusher_restarts_at=other.pusher_restarts_at,
        pusher_away=other.pusher_away,
        devices=tuple(replace(one, leave=other.devices[0].leave) for one in PODCAST.devices),
    )


def assert_complete(arrived: Arrived) -> None:
    """Assert that all audio was stored once, and that every word arrived that could."""
    assert (arrived.lost_bytes, arrived.stored_twice) == (0, 0)
    if all(one.backend is not WEBHOOK for one in arrived.recording.scenario.faults):
        assert arrived.segments == script()
