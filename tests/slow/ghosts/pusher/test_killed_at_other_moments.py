"""A process that is killed at other moments, or again and again, loses no audio either.

``tests/ghosts/pusher/test_killed.py`` has one moment of each kind.
"""

import pytest
from bed import size
from killing import (
    confirmed_bytes,
    delivered_in_the_end,
    is_killed,
    kills_itself,
    unsent,
)

from ghosts.pusher.spool import Key
from ghosts.records.fault import FaultMode


@pytest.mark.parametrize("storage", [FaultMode.NEVER_ANSWERS, None])
def test_killed_while_devices_talk_nothing_that_was_received_is_lost_or_stored_twice(
    run, tmp_path, storage
):
    killed = kills_itself(tmp_path, storage=storage, second=150.5)
    assert killed.taken[Key("ada", "c1")] == size(150)
    assert bool(killed.kept) == (storage is not FaultMode.NEVER_ANSWERS)
    assert delivered_in_the_end(run, tmp_path, killed.kept) == killed.taken


def test_killed_after_the_seventh_delivery_and_before_it_is_answered_stores_it_once(run, tmp_path):
    killed = kills_itself(tmp_path, deliveries=7)
    assert len(killed.kept) == 7
    assert unsent(tmp_path) == killed.taken.total() - confirmed_bytes(killed)
    assert delivered_in_the_end(run, tmp_path, killed.kept) == killed.taken


def test_killed_again_and_again_while_it_delivers_what_the_one_before_has_left(run, tmp_path):
    first = kills_itself(tmp_path, storage=FaultMode.NEVER_ANSWERS, second=200.5)
    kept = []
    for deliveries in (1, 4):
        next_one = kills_itself(tmp_path, talk=False, kept=kept, deliveries=deliveries)
        assert len(next_one.kept) == len(kept) + deliveries
        kept = next_one.kept
    assert unsent(tmp_path) > 0
    assert delivered_in_the_end(run, tmp_path, kept) == first.taken


@pytest.mark.parametrize("after_lines", [3, 700])
def test_killed_from_outside_at_any_moment_loses_nothing_that_was_taken(run, tmp_path, after_lines):
    killed = is_killed(tmp_path, after_lines)
    in_the_end = delivered_in_the_end(run, tmp_path, killed.kept)
    assert killed.taken <= in_the_end
    # One frame may be on disk that the process had no time to tell of.
    assert (in_the_end - killed.taken).total() <= size(1)
