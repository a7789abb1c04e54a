"""A podcast of 279 s from a device through listen and the pusher: what arrives at the far ends."""

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from ghosts.backends import Backend, Fault, FaultMode
from ghosts.evidence import fact
from ghosts.records.scenario import FULL, TENTH, Scenario
from ghosts.replay import Pod, Recording, load_scenario, podcast, replay
from ghosts.replay.matrix import LISTEN_FAULTS

PODCAST = load_scenario("podcast")
ALL = podcast.SEGMENTS, podcast.WORDS
WEBHOOK = Backend.TRANSCRIPT_WEBHOOK


@dataclass(frozen=True, slots=True)
class Arrived:
    recording: Recording
    segments: dict[str, str]
    """The text of each segment that came to the webhook, put together of its pieces."""
    pieces: int
    stored_twice: int
    told: dict[str, list[dict[str, Any]]]
    """What came to each app."""
    processed: list[str]

    @property
    def counts(self) -> tuple[int, int]:
        return len(self.segments), sum(len(text.split()) for text in self.segments.values())

    @property
    def lost_bytes(self) -> int:
        return self.recording.audio.lost


def play(scenario: Scenario, lifecycle: str) -> Arrived:
    seen: list[Arrived] = []

    def look(pod: Pod) -> None:
        came = [
            segment for one in pod.backends[WEBHOOK].received for segment in json.loads(one.text)
        ]
        told = defaultdict(list)
        for one in pod.backends[Backend.APPS].received:
            told[one.query["app"]] += json.loads(one.text)
        seen.append(
            Arrived(
                recording=None,
                segments=put_together(came),
                pieces=len(came),
                stored_twice=pod.backends.stored_twice_bytes,
                told=dict(told),
                processed=[
                    one.query["conversation_id"]
                    for one in pod.backends[Backend.CONVERSATIONS].received
                ],
            )
        )

    recording = replay(scenario, lifecycle, measure_memory=False, at_end=look)
    return replace(seen[0], recording=recording)


def put_together(pieces: list[dict[str, Any]]) -> dict[str, str]:
    texts: dict[str, dict[float, str]] = defaultdict(dict)
    for piece in pieces:
        texts[piece["id"]][piece["start"]] = piece["text"]
    return {name: " ".join(text for _, text in sorted(of.items())) for name, of in texts.items()}


def script() -> dict[str, str]:
    """The podcast as it was written."""
    texts: dict[str, list[str]] = defaultdict(list)
    for word in podcast.words():
        texts[f"segment-{word.segment:03}"].append(word.text)
    return {name: " ".join(said) for name, said in texts.items()}


def test_the_podcast_is_as_long_and_as_wordy_as_the_one_on_record() -> None:
    names = "podcast_run_segments", "podcast_run_words", "podcast_run_duration"
    assert [fact(name).value for name in names] == [*ALL, podcast.SECONDS]
    assert len(podcast.words()) == podcast.WORDS
    assert len(script()) == podcast.SEGMENTS


@pytest.mark.parametrize("rate", [800, 8000, 16_000])
def test_its_audio_is_no_silence_and_each_word_is_heard_at_every_rate_in_any_pieces(
    rate: int,
) -> None:
    samples = np.frombuffer(podcast.pcm(rate), "<i2")
    assert len(samples) == podcast.SECONDS * rate
    assert np.abs(samples[samples != 0]).mean() > 1000
    for seconds in (1, 10, 60):
        pieces = [
            podcast.hear(podcast.part(at, seconds, rate))
            for at in range(0, podcast.SECONDS, seconds)
        ]
        assert put_together([segment for piece in pieces for segment in piece]) == script()


def test_a_second_that_is_lost_is_its_words_lost_and_silence_says_nothing() -> None:
    without = podcast.part(0, 100, 8000) + podcast.part(101, 178, 8000)
    heard = sum(len(segment["text"].split()) for segment in podcast.hear(without))
    assert heard == podcast.WORDS - podcast.words_in(100, 1) < podcast.WORDS
    assert podcast.hear(bytes(16_000)) == []


@pytest.mark.parametrize("lifecycle", ["gather_all", "supervised", "shipped"])
def test_the_podcast_arrives_complete_where_nothing_fails(lifecycle: str) -> None:
    arrived = play(PODCAST, lifecycle)
    assert PODCAST.scale == FULL
    assert arrived.segments == script()
    assert arrived.counts == ALL
    audio = arrived.recording.audio
    assert audio.stored == audio.received == 420 * 16_000
    assert arrived.stored_twice == 0
    assert {app: put_together(told) for app, told in arrived.told.items()} == {
        "calendar": script(),
        "notes": script(),
    }
    assert len(arrived.processed) == 1


def befallen(fault: str) -> Scenario:
    """The podcast at a tenth, with the faults of another scenario."""
    other = load_scenario(fault)
    return replace(
        PODCAST,
        scale=TENTH,
        faults=other.faults,
        handlers_cancelled_at=other.handlers_cancelled_at,
        pusher_restarts_at=other.pusher_restarts_at,
        pusher_away=other.pusher_away,
        devices=tuple(replace(one, leave=other.devices[0].leave) for one in PODCAST.devices),
    )


@pytest.mark.parametrize("fault", LISTEN_FAULTS)
def test_under_every_fault_the_version_to_ship_has_all_audio_and_every_word_that_can_arrive(
    fault: str,
) -> None:
    arrived = play(befallen(fault), "shipped")
    assert (arrived.lost_bytes, arrived.stored_twice) == (0, 0)
    if all(one.backend is not WEBHOOK for one in arrived.recording.scenario.faults):
        assert arrived.segments == script()


def deploys() -> Scenario:
    return replace(PODCAST, pusher_restarts_at=(60, 130, 200))


def test_a_rolling_restart_in_the_middle_loses_nothing_if_shipped_and_a_lot_as_published() -> None:
    shipped, published = play(deploys(), "shipped"), play(deploys(), "supervised")
    assert shipped.segments == script()
    assert (shipped.lost_bytes, shipped.stored_twice) == (0, 0)
    assert shipped.recording.audio.stored == 420 * 16_000
    assert published.lost_bytes > 100 * 16_000


def test_a_pusher_that_is_away_for_two_minutes_loses_nothing_if_shipped() -> None:
    """More waits then than the pusher queues, which drops the oldest of 50 transcripts."""
    arrived = play(replace(PODCAST, pusher_away=(60, 180)), "shipped")
    assert arrived.segments == script()
    assert arrived.lost_bytes == 0


@pytest.mark.parametrize("lifecycle", ["gather_all", "supervised", "shipped"])
def test_the_same_replay_through_listen_is_the_same_recording(lifecycle: str) -> None:
    scenario = befallen("pusher_restarts")
    once, again = (play(scenario, lifecycle).recording.without_memory() for _ in range(2))
    assert once == again


def test_faults_of_listen_are_refused_where_devices_come_to_the_pusher() -> None:
    fault = Fault(backend=Backend.SPEECH_TO_TEXT, mode=FaultMode.STATUS_500)
    with pytest.raises(ValueError, match=r"faults.0.backend: speech_to_text needs through"):
        replace(load_scenario("smallest_ghost"), faults=(fault,))
