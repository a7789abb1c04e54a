"""Random schedules: scenarios that hypothesis draws, and shrinks to short ones.

The simplest choice always comes first, and all times are round: so whatever is left in a schedule
after shrinking is needed to break the promise.
"""

import dataclasses
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from ghosts.backends import PUSHER_BACKENDS, Backend
from ghosts.records.device_group import DeviceGroup, Leave
from ghosts.records.fault import Fault, FaultMode
from ghosts.records.scenario import Scenario

RECOVERED: Final = 600
"""Second by which the last fault has ended."""
DURATION: Final = 1200
"""Seconds. A silent device whose session could begin only after the last fault is disconnected
300 s later, its session ends within 35 s, and is a ghost if it stays another 150 s."""
DRAWN: Final = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),  # each run is a simulation of twenty minutes
)
"""Always the same schedules, and without a limit of real time."""
GROUPS: Final = ("first", "second", "third")
_BACKENDS: Final = (Backend.STORAGE, Backend.STORAGE, Backend.STORAGE, *PUSHER_BACKENDS)
"""Four in nine faults are of storage: audio that is lost cannot be sent again."""
_LAST_START: Final = 400
_TAKE_SECONDS: Final = frozenset({FaultMode.SLOW, FaultMode.TRICKLES})


def lasting(scenario: Scenario) -> Scenario:
    """Return a scenario long enough for what a fault has delayed to be delivered."""
    return dataclasses.replace(scenario, duration=DURATION)


def _tens(first: int, last: int) -> st.SearchStrategy[int]:
    return st.integers(first // 10, last // 10).map(lambda number: 10 * number)


def _at(second: int) -> tuple[int, int]:
    return second, second


_ONE_IN_FIVE = st.integers(0, 4).map(lambda chance: chance == 4)
_EVERY = _tens(0, 60).map(lambda seconds: seconds or None)
_GROUPS = st.lists(
    st.builds(
        DeviceGroup,
        name=st.just("device"),
        count=st.integers(1, 3),
        arrive=_tens(0, 60).map(_at),
        stay=_tens(10, 300).map(_at) | st.none(),
        leave=st.sampled_from(Leave),
        transcript_every=_EVERY,
        speaker_sample_every=_EVERY,
        switch_conversation_every=_EVERY,
        process_conversation_every=_EVERY,
    ),
    min_size=1,
    max_size=len(GROUPS),
)


@st.composite
def _fault(draw: st.DrawFn) -> Fault:
    backend, mode = draw(st.sampled_from(_BACKENDS)), draw(st.sampled_from(FaultMode))
    begins = draw(_tens(0, _LAST_START))
    at_departure = mode is not FaultMode.REFUSES and draw(_ONE_IN_FIVE)
    return Fault(
        backend=backend,
        mode=mode,
        start="departure" if at_departure else begins,
        end=min(begins + draw(_tens(10, RECOVERED)), RECOVERED),
        seconds=draw(st.sampled_from([10.0, 1.0, 25.0, 45.0])) if mode in _TAKE_SECONDS else 10.0,
    )


_FAULTS = st.integers(0, 3).flatmap(lambda least: st.lists(_fault(), min_size=least, max_size=3))


def _scenario(groups: list[DeviceGroup], faults: list[Fault], **changes: Any) -> Scenario:
    names = zip(groups, GROUPS, strict=False)
    return Scenario(
        name="schedule",
        summary="Drawn at random",
        seed=1,
        duration=DURATION,
        devices=tuple(dataclasses.replace(group, name=name) for group, name in names),
        faults=tuple(faults),
        **changes,
    )


SCHEDULES: Final = st.builds(
    _scenario,
    groups=_GROUPS,
    faults=_FAULTS,
    handlers_cancelled_at=st.lists(
        st.integers(0, RECOVERED // 5).map(lambda number: 5 * number), max_size=2, unique=True
    ).map(tuple),
    audio_webhook_seconds=st.sampled_from([None, 10.0, 30.0]),
    sample_every=st.just(60),
)
"""One to three groups of up to three devices, and up to three faults that end at 600 s."""
