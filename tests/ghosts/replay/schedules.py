"""Random schedules: scenarios that hypothesis draws, and shrinks to what a person understands.

The simplest choice always comes first, and all times are round: what is left of a schedule that
was shrunk is there because without it nothing breaks.
"""

import dataclasses
from typing import Any, Final

from hypothesis import strategies as st

from ghosts.backends import OF_THE_PUSHER, Backend, Fault, FaultMode
from ghosts.replay import DeviceGroup, Leave, Scenario

HEALED: Final = 600
"""Seconds at which the last fault has ended."""
DURATION: Final = 1200
"""Seconds. A silent device whose session could begin only when all was healed is let go 300 s
later, the session ends within 35 s, and what stays for more than another 150 s is a ghost."""
GROUPS: Final = ("first", "second", "third")
_BACKENDS: Final = (Backend.STORAGE, Backend.STORAGE, Backend.STORAGE, *OF_THE_PUSHER)
"""Half of the faults are of the service that holds what nobody can make again."""
_LAST_START: Final = 400
_TAKE_SECONDS: Final = frozenset({FaultMode.SLOW, FaultMode.TRICKLES})


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
        end=min(begins + draw(_tens(10, HEALED)), HEALED),
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
        st.integers(0, HEALED // 5).map(lambda number: 5 * number), max_size=2, unique=True
    ).map(tuple),
    audio_webhook_seconds=st.sampled_from([None, 10.0, 30.0]),
    sample_every=st.just(60),
)
"""One to three groups of up to three devices, and up to three faults that end at 600 s."""
