"""A podcast of 279 s from a device through listen and the pusher: what arrives at the far ends."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from podcast_replay import (
    ALL,
    PODCAST,
    assert_complete,
    play,
    podcast_with_faults_of,
    put_together,
    script,
)

from ghosts.backends import Backend
from ghosts.evidence import fact
from ghosts.matrix.catalogue import FAULTS, LISTEN_FAULTS
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.scenario import FULL, TENTH, load_scenario
from ghosts.simulation import podcast

AT_A_TENTH: Final = replace(PODCAST, scale=TENTH)
SECOND: Final = 2 * 800
"""Bytes of a second of audio at a tenth."""


def test_the_podcast_is_as_long_and_as_wordy_as_the_one_on_record() -> None:
    names = "podcast_run_segments", "podcast_run_words", "podcast_run_duration"
    assert [fact(name).value for name in names] == [*ALL, podcast.SECONDS]
    assert len(podcast.words()) == podcast.WORDS
    assert len(script()) == podcast.SEGMENTS


@pytest.mark.parametrize("rate", [800, 8000, 16_000])
def test_its_audio_is_not_silent_and_each_word_is_recognised_at_every_rate_in_any_pieces(
    rate: int,
) -> None:
    samples = np.frombuffer(podcast.pcm(rate), "<i2")
    assert len(samples) == podcast.SECONDS * rate
    assert np.abs(samples[samples != 0]).mean() > 1000
    for seconds in (1, 10, 60):
        pieces = [
            podcast.transcribe(podcast.part(at, seconds, rate))
            for at in range(0, podcast.SECONDS, seconds)
        ]
        assert put_together([segment for piece in pieces for segment in piece]) == script()


def test_the_words_of_a_lost_second_are_lost_and_silence_has_none() -> None:
    without = podcast.part(0, 100, 8000) + podcast.part(101, 178, 8000)
    recognised = sum(len(segment["text"].split()) for segment in podcast.transcribe(without))
    assert recognised == podcast.WORDS - podcast.words_in(100, 1) < podcast.WORDS
    assert podcast.transcribe(bytes(16_000)) == []


@pytest.mark.parametrize(
    ("variant", "scale"), [("gather_all", TENTH), ("supervised", TENTH), ("shipped", FULL)]
)
def test_the_podcast_arrives_complete_where_nothing_fails(variant: str, scale: float) -> None:
    arrived = play(replace(PODCAST, scale=scale), variant)
    assert arrived.segments == script()
    assert arrived.counts == ALL
    audio = arrived.recording.audio
    assert audio.stored == audio.received == pytest.approx(420 * 16_000 * scale)
    assert arrived.stored_twice == 0
    assert {app: put_together(told) for app, told in arrived.told.items()} == {
        "calendar": script(),
        "notes": script(),
    }
    assert len(arrived.processed) == 1


@pytest.mark.parametrize("fault", [fault for fault in LISTEN_FAULTS if fault not in FAULTS])
def test_under_the_faults_of_listen_shipped_stores_all_audio_and_delivers_every_word(
    fault: str,
) -> None:
    """`tests/slow` has all the others."""
    assert_complete(play(podcast_with_faults_of(fault), "shipped"))


def test_a_rolling_restart_in_the_middle_loses_nothing_if_shipped_and_a_lot_as_published() -> None:
    deploys = replace(AT_A_TENTH, pusher_restarts_at=(60, 130, 200))
    shipped, published = play(deploys, "shipped"), play(deploys, "supervised")
    assert shipped.segments == script()
    assert (shipped.lost_bytes, shipped.stored_twice) == (0, 0)
    assert shipped.recording.audio.stored == 420 * SECOND
    assert published.lost_bytes > 100 * SECOND


def test_a_pusher_that_is_away_for_two_minutes_loses_nothing_if_shipped() -> None:
    """The published queue would overflow then: it drops the oldest of 50 transcripts."""
    arrived = play(replace(AT_A_TENTH, pusher_away=(60, 180)), "shipped")
    assert arrived.segments == script()
    assert arrived.lost_bytes == 0


def test_the_same_replay_through_listen_is_the_same_recording() -> None:
    """Under the variant that does most; `tests/slow` replays the others."""
    scenario = podcast_with_faults_of("pusher_restarts")
    once, again = (play(scenario, "shipped").recording.without_memory() for _ in range(2))
    assert once == again


def test_faults_of_listen_are_refused_where_devices_come_to_the_pusher() -> None:
    fault = Fault(backend=Backend.SPEECH_TO_TEXT, mode=FaultMode.STATUS_500)
    with pytest.raises(ValueError, match=r"faults.0.backend: speech_to_text needs through"):
        replace(load_scenario("smallest_ghost"), faults=(fault,))
