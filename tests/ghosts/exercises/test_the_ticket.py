"""The actions of the tickets: every set of them is judged, and in the same way in every order."""

from collections.abc import Iterator
from itertools import combinations, permutations

import pytest

from ghosts.exercises import Incorrect, NotAttempted
from ghosts.exercises.catalogue.the_ticket.actions import ACTIONS, changed, contradiction
from ghosts.exercises.catalogue.the_ticket.tickets import Ticket, tickets
from ghosts.exercises.catalogue.the_ticket.triage import judge

TICKETS = tuple(tickets().values())
ROOM = ("more nodes", "bigger nodes", "smaller requests")
END = "deadline on uploads"
RIGHT = {
    "A": {frozenset((room,)) for room in ROOM},
    "B": {frozenset((END,)), frozenset((END, "bound the drain"))},
    "C": {frozenset((room, END)) for room in ROOM},
    "D": {frozenset((END,))},
}


def subsets(most: int) -> Iterator[frozenset[str]]:
    for size in range(1, most + 1):
        yield from map(frozenset, combinations(ACTIONS, size))


@pytest.mark.parametrize("ticket", TICKETS, ids=lambda each: each.letter)
def test_every_set_of_actions_changes_the_day_or_contradicts_itself(ticket: Ticket) -> None:
    for actions in subsets(len(ACTIONS)):
        if not contradiction(actions):
            changed(ticket.plan, actions)


def test_actions_that_are_doubled_or_in_another_order_are_the_same_answer() -> None:
    for order in permutations(("deadline on uploads", "more nodes", "more nodes")):
        outcome = judge({"C": ("both", "TCP connections", order)})
        assert isinstance(outcome, NotAttempted), outcome


@pytest.mark.slow
@pytest.mark.parametrize("ticket", TICKETS, ids=lambda each: each.letter)
def test_of_all_pairs_of_actions_only_those_are_right_that_end_the_harm(ticket: Ticket) -> None:
    right = set()
    for actions in subsets(2):
        outcome = judge({ticket.letter: (ticket.truth, ticket.decides, tuple(sorted(actions)))})
        assert isinstance(outcome, Incorrect | NotAttempted), outcome
        if isinstance(outcome, NotAttempted):  # as the other tickets have no answer
            right.add(actions)
    assert right == RIGHT[ticket.letter]
