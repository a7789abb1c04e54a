"""A process that is killed, at whatever moment, loses no audio, and none arrives twice.

Each test kills a real one. The next process, or a simulation here, finds its spool, and storage as
it was left. One moment of each kind is here; ``tests/slow/ghosts/pusher`` repeats it at others.
"""

from collections import Counter

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
from ghosts.variants import FIX


def test_killed_while_devices_talk_nothing_that_was_received_is_lost_or_stored_twice(run, tmp_path):
    killed = kills_itself(tmp_path, storage=FaultMode.ANSWER_LOST, second=150.5)
    assert killed.taken[Key("ada", "c1")] == size(150)
    assert killed.kept
    assert delivered_in_the_end(run, tmp_path, killed.kept) == killed.taken


def test_killed_while_devices_talk_as_published_nothing_of_what_was_received_is_left(run, tmp_path):
    killed = kills_itself(tmp_path, variant=FIX.name, storage=FaultMode.NEVER_ANSWERS, second=150.5)
    assert killed.taken[Key("ada", "c1")] == size(150)
    left = delivered_in_the_end(run, tmp_path, killed.kept, FIX.name)
    assert left == Counter()


def test_killed_after_storage_has_kept_a_delivery_and_before_it_answers_stores_it_once(
    run, tmp_path
):
    killed = kills_itself(tmp_path, deliveries=1)
    assert len(killed.kept) == 1
    # It is in the spool as well, for nobody has heard of it.
    assert unsent(tmp_path) == killed.taken.total() - confirmed_bytes(killed)
    assert delivered_in_the_end(run, tmp_path, killed.kept) == killed.taken


def test_killed_from_outside_at_any_moment_loses_nothing_that_was_taken(run, tmp_path):
    killed = is_killed(tmp_path, after_lines=100)
    in_the_end = delivered_in_the_end(run, tmp_path, killed.kept)
    assert killed.taken <= in_the_end
    # One frame may be on disk that the process had no time to tell of.
    assert (in_the_end - killed.taken).total() <= size(1)
