"""The command that replays one cell alone."""

from ghosts.check.confinement.broker import allowed_server
from ghosts.check.plan import parse_cell
from ghosts.check.report.replay_command import replay_command
from ghosts.check.service import Service

CELL = parse_cell("storage.internal=never_answers,close")


def test_only_options_that_differ_from_the_defaults_are_in_it():
    assert (
        replay_command(Service(target="app:app"), CELL)
        == "ghosts check app:app --only storage.internal=never_answers,close"
    )


def test_every_option_that_the_cell_depends_on_is_in_it_quoted_for_a_shell():
    service = Service(
        target="app:app",
        app_dir="my app",
        path="/ws?uid=1&lang=en",
        headers=(("X-Version", "1 2"),),
        subprotocols=("v2",),
        frames_file="frames.json",
        devices=2,
        stay=5.0,
        gauge="active",
        stubs={"storage.internal": "stubs:app"},
        allowed=(allowed_server("localhost:6379"),),
    )
    assert replay_command(service, CELL) == (
        "ghosts check app:app --app-dir 'my app' --path '/ws?uid=1&lang=en' --send frames.json "
        "--devices 2 --stay 5 --gauge active --header 'X-Version:1 2' --subprotocol v2 "
        "--stub storage.internal=stubs:app --allow localhost:6379 "
        "--only storage.internal=never_answers,close"
    )


def test_what_may_be_secret_is_not_in_it():
    service = Service(
        target="app:app",
        path="/ws?uid=1&access_token=abc",
        headers=(("Authorization", "Bearer abc"), ("Cookie", "id=abc"), ("X-Api-Key", "abc")),
    )
    command = replay_command(service, CELL)
    assert "abc" not in command
    assert "uid=1&access_token=***" in command
    assert "'Authorization:***'" in command


def test_an_application_that_a_test_has_passed_as_an_object_is_replayed_by_the_call_in_the_test():
    call = replay_command(Service(target=object(), path="/ws"), CELL)
    assert call == f'ghost_check(..., only=["{CELL.name}"])'
