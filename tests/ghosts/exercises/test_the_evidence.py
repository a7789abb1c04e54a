"""The exercise of the evidence: its pods are what its notebook says of pods."""

import random

import pytest

from ghosts.exercises import Incorrect
from ghosts.exercises.catalogue.the_evidence import EXERCISE
from ghosts.exercises.catalogue.the_evidence.pods import FLEET, MADE_UP, drawn, published


def test_no_pod_is_between_what_may_be_draining_and_what_is_to_be_found() -> None:
    others = (pod for seed in range(50) for pod in drawn(random.Random(seed), "other"))
    for pod in (*published(), *MADE_UP, *FLEET, *others):
        above = pod.gauge - pod.tcp - pod.tcp / 7
        assert above >= 25 if pod.has_ghosts else above <= 3, pod


def test_no_two_checks_have_the_same_pods() -> None:
    seen: list[list[tuple[int, int]]] = [[], []]
    for rows in seen:
        EXERCISE.check(lambda pod, rows=rows: rows.append((pod.gauge, pod.tcp)) or right(pod))
    assert seen[0] != seen[1]
    assert len(seen[0]) == len(seen[1])


def right(pod) -> bool:
    return pod.gauge - pod.tcp > pod.tcp / 7 + 10


@pytest.mark.parametrize("room", [2.9, 25])
def test_a_rule_beyond_a_limit_is_refused_for_the_same_pod_each_time(room: float) -> None:
    outcome = EXERCISE.check(lambda pod: pod.gauge - pod.tcp > pod.tcp / 7 + room)
    assert isinstance(outcome, Incorrect)
    assert "The rule says that pod other-" not in outcome.reason
