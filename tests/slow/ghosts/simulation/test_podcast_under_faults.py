"""The podcast through both services under every fault of the catalogue."""

import pytest
from podcast_replay import assert_complete, play, podcast_with_faults_of

from ghosts.matrix.catalogue import LISTEN_FAULTS
from ghosts.variants import LISTEN_VARIANTS


@pytest.mark.parametrize("fault", LISTEN_FAULTS)
def test_under_every_fault_shipped_stores_all_audio_and_delivers_every_word_that_can_arrive(
    fault: str,
) -> None:
    assert_complete(play(podcast_with_faults_of(fault), "shipped"))


@pytest.mark.parametrize("variant", LISTEN_VARIANTS)
def test_the_same_replay_through_listen_is_the_same_recording(variant: str) -> None:
    scenario = podcast_with_faults_of("pusher_restarts")
    once, again = (play(scenario, variant).recording.without_memory() for _ in range(2))
    assert once == again
