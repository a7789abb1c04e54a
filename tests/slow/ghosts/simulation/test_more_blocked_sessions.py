"""More of `tests/ghosts/simulation/test_blocked.py`: each of these takes processor time."""

from collections.abc import Awaitable, Callable

import pytest
from blocking_sessions import in_a_task, place_in, suppresses_errors, suspect_soon
from departures import after_disconnect, scenario

from ghosts.pusher import PusherSession
from ghosts.replay.run import replay
from ghosts.simulation.spin import SpinError


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (suppresses_errors, place_in("suppresses_errors")),
        (in_a_task, f"^task 'the one' does not return .*; {place_in('for_ever')}"),
    ],
)
def test_a_session_that_does_not_return_to_the_loop_is_named_with_its_line(
    monkeypatch: pytest.MonkeyPatch,
    then: Callable[[PusherSession], Awaitable[object]],
    said: str,
) -> None:
    suspect_soon(monkeypatch)
    with pytest.raises(SpinError, match=said):
        replay(scenario(2), after_disconnect(then), measure_memory=False)
