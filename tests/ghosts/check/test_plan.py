"""The cells of a check: which there are, in which order, and what they are called."""

import pytest

from ghosts.check.plan import (
    MODES,
    Cell,
    Departure,
    Dependency,
    Phase,
    PlanError,
    Protocol,
    cells_of,
    parse_cell,
)
from ghosts.records.fault import FaultMode

STORAGE = Dependency(name="storage", protocol=Protocol.HTTP, phases=(Phase.SESSION,))
REDIS = Dependency(name="redis:6379", protocol=Protocol.PASSED_ON, phases=(Phase.CONNECT,))


def test_departures_without_a_fault_come_first_then_the_modes_that_hold_a_caller_longest() -> None:
    cells = cells_of([STORAGE, REDIS])
    assert cells[:5] == [Cell(None, None, each) for each in Departure]
    names = [each.name for each in cells[5:]]
    assert names[:4] == [
        "storage=never_answers,close",
        "redis:6379=never_answers,close",
        "storage=trickles,close",
        "redis:6379=trickles,close",
    ]
    assert names.index("storage=never_answers,stop") < names.index("storage=never_answers,reset")
    assert names.index("storage=garbage,close") < names.index("storage=never_answers,silent")
    assert names[-1] == "storage=garbage,silent"


@pytest.mark.parametrize("protocol", Protocol)
def test_each_mode_of_a_protocol_is_tried_with_each_departure_and_no_other(
    protocol: Protocol,
) -> None:
    cells = cells_of([Dependency(name="x", protocol=protocol, phases=(Phase.SESSION,))])[5:]
    assert len(set(cells)) == len(cells)
    assert set(cells) == {Cell("x", mode, how) for mode in MODES[protocol] for how in Departure}


def test_what_is_called_at_startup_only_and_a_thread_that_connects_have_no_cells() -> None:
    once = Dependency(name="config", protocol=Protocol.HTTP, phases=(Phase.STARTUP,))
    thread = Dependency(
        name="fetch", protocol=Protocol.THREAD, phases=(Phase.SESSION,), connects=True
    )
    assert len(cells_of([once, thread])) == len(Departure)


def test_a_cell_is_read_from_its_name() -> None:
    for cell in cells_of([STORAGE, REDIS]):
        assert parse_cell(cell.name) == cell
    odd = parse_cell("a=b=refuses,close")
    assert (odd.dependency, odd.mode) == ("a=b", FaultMode.REFUSES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("storage", r"'storage' is no cell: write HOST=MODE,DEPARTURE or healthy,DEPARTURE"),
        ("=refuses,close", r"is no cell"),
        ("storage=refuses", r"is no cell"),
        ("healthy,closes", r"no departure 'closes'; did you mean 'close'\?"),
        ("storage=refuse,close", r"no mode 'refuse'; did you mean 'refuses'\?"),
        ("storage=answer_lost,close", r"no mode 'answer_lost'"),
    ],
)
def test_a_cell_that_does_not_exist_is_refused_with_what_there_is(text: str, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        parse_cell(text)
