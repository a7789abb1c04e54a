"""Parameters change the run in the direction that they should; invalid ones are refused."""

from dataclasses import replace

import pytest
from short_incident import SHORT, blocked_from, replay_short

from ghosts.backends import Backend
from ghosts.errors import GhostsError
from ghosts.paths import DATA
from ghosts.player.parameters import Parameters
from ghosts.player.rerun import parameters_of, replay_again, with_limits
from ghosts.records.recording import Recording
from ghosts.variants import INCIDENT


def test_more_workers_are_all_blocked_later_and_the_ghosts_stay():
    few, more = replay_short(workers=4), replay_short(workers=8)
    assert blocked_from(few, 4) < blocked_from(more, 8)
    assert few.last.ghosts > 0
    assert more.last.ghosts > 0


def test_a_deadline_frees_the_workers_and_ends_the_sessions():
    bounded = replay_short(workers=4, deadline=30)
    assert max(sample.workers_blocked for sample in bounded.samples) == 0
    assert bounded.last.ghosts == 0


def test_without_hung_uploads_there_is_no_ghost():
    healthy = replay_short(workers=4, share=0)
    assert max(sample.ghosts for sample in healthy.samples) == 0


def test_a_run_with_other_limits_has_a_name_of_its_own():
    assert replay_short().variant == "gather_all"
    assert replay_short(workers=4).variant == "gather_all_changed"


def test_a_replay_again_in_its_process_is_the_same_replay():
    seconds = []
    first = replay_short()
    parameters = parameters_of(first)
    assert parameters == Parameters(workers=16, deadline=None, share=0.2)
    again = replay_again(first, parameters, on_progress=seconds.append)
    assert again.without_memory() == first.without_memory()
    assert seconds[-1] == SHORT.duration


def test_the_version_to_ship_begins_with_its_own_deadline():
    assert parameters_of(replace(replay_short(), variant="shipped")).deadline == 30


def test_fields_of_a_form_are_read_as_they_are_written():
    for parameters in (
        Parameters(workers=16, deadline=None, share=0.014),
        Parameters(workers=1, deadline=2.5, share=1.0),
    ):
        assert Parameters.parse(parameters.fields) == parameters


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"workers": "0"}, "workers: should be a whole number from 1 to 256; got 0"),
        ({"workers": "1.5"}, "workers: should be a whole number from 1 to 256; got 1.5"),
        ({"workers": "257"}, "workers: should be a whole number from 1 to 256; got 257"),
        ({"workers": ""}, "workers: should be a number; got ''"),
        ({"workers": "nan"}, "workers: should be a whole number from 1 to 256; got nan"),
        ({"deadline": "0"}, "deadline: should be from 1 to 86,400 s, or none; got 0"),
        ({"deadline": "soon"}, "deadline: should be a number; got 'soon'"),
        ({"share": "101"}, "share: should be from 0 to 100 % of the uploads; got 101 %"),
        ({"share": "-1"}, "share: should be from 0 to 100 % of the uploads; got -1 %"),
    ],
)
def test_an_invalid_field_is_named_with_what_is_allowed(changed, said):
    fields = Parameters(workers=16, deadline=None, share=0.014).fields
    with pytest.raises(GhostsError) as caught:
        Parameters.parse({**fields, **changed})
    assert str(caught.value) == said


def test_what_cannot_run_again_says_why():
    full = Recording.load(DATA / "recordings" / "production_full_gather_all.json")
    with pytest.raises(GhostsError, match="at full scale a replay takes some 4 GB"):
        parameters_of(full)
    no_upload_hangs = replace(replay_short(), scenario=replace(SHORT, faults=()))
    with pytest.raises(GhostsError, match="should have one share of uploads that never return"):
        parameters_of(no_upload_hangs)
    with pytest.raises(GhostsError, match="no variant 'gather_all_changed'"):
        parameters_of(replay_short(workers=4))


def test_only_the_deadline_of_uploads_changes():
    changed = with_limits(INCIDENT, Parameters(workers=16, deadline=30, share=0.2)).pusher.clients
    before = INCIDENT.pusher.clients
    different = {one for one in Backend if changed.timeouts[one] != before.timeouts[one]}
    assert different == {Backend.STORAGE}
