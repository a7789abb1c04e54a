"""The widget: a run adds a picture, a second one at the same time is refused, errors are a line."""

import threading

import pytest
from short_incident import replay_short

from ghosts.errors import GhostsError
from ghosts.paths import DATA
from ghosts.player.widget import Player
from ghosts.records.recording import Recording

FIRST = "gather_all: 16 workers, no deadline, 20 % hang"
BOUNDED = "gather_all: 16 workers, deadline 30 s, 20 % hang"


@pytest.fixture(scope="module")
def ran():
    """A player whose button was pressed twice, and what it said meanwhile."""
    player = Player(replay_short())
    said, progress = [], []
    player.observe(lambda change: said.append(change["new"]), "status")
    player.observe(lambda change: progress.append(change["new"]), "progress")
    message = {"run": {**player.fields, "deadline": "30"}}
    before = threading.active_count()
    for _ in range(2):
        player._handle_custom_msg(message, [])
    for thread in threading.enumerate():
        if thread.daemon and thread.name.endswith("(_answer)"):
            thread.join()
    assert threading.active_count() == before
    return player, said, progress


def test_a_run_is_added_and_shown_beside_the_first(ran):
    player, _, _ = ran
    runs = {run["name"]: run["samples"] for run in player.data["runs"]}
    assert list(runs) == [FIRST, BOUNDED]
    assert player.shown == BOUNDED
    assert runs[FIRST]["ghosts"][-1] > runs[BOUNDED]["ghosts"][-1] == 0


def test_a_second_click_is_refused_while_a_replay_runs(ran):
    _, said, _ = ran
    assert said.count("a replay is running: run again when it is over") == 1


def test_progress_goes_from_nothing_to_all_and_is_over(ran):
    _, said, progress = ran
    assert progress == [*sorted(progress[:-1]), -1.0]
    assert progress[0] == 0
    assert progress[-2] == 1
    assert said[-1] == "16 workers, deadline 30 s, 20 % hang: 0 ghosts at the end"


def test_an_error_is_one_line():
    player = Player(replay_short())
    player._answer({**player.fields, "workers": "0"})
    assert player.status == "workers: should be a whole number from 1 to 256; got 0"
    assert player.progress < 0


def test_recordings_that_cannot_run_again_have_no_form_and_say_why():
    full = Recording.load(DATA / "recordings" / "production_full_gather_all.json")
    player = Player(full)
    assert player.fields == {}
    assert player.status.startswith("cannot run again: at full scale")
    with pytest.raises(GhostsError, match="at full scale"):
        player.run(workers=32)


def test_a_cell_stores_a_picture_and_a_text_that_is_the_same_on_every_run():
    data, metadata = Player(replay_short())._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert "gather_all" in metadata["image/png"]["alt"]
    assert data["text/plain"] == f"Player({FIRST!r})"


def test_no_recording_is_refused():
    with pytest.raises(ValueError, match="at least one recording"):
        Player()


def test_a_run_that_fails_is_said_and_is_over(monkeypatch):
    def fail(*_, **__):
        raise KeyboardInterrupt

    player = Player(replay_short())
    monkeypatch.setattr("ghosts.player.widget.replay_again", fail)
    with pytest.raises(KeyboardInterrupt):
        player.run(deadline=30)
    assert player.status == "the replay has ended without a recording"
    assert player.progress < 0
