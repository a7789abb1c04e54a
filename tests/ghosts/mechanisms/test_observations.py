"""Each observation, judged on made-up runs: what explains it, what contradicts it, what does not
tell."""

import pytest
from made_up_runs import CHUNK, leak, pod, recording, runs, sample

from ghosts.mechanisms import CLAIMS, OBSERVATIONS, Answer, Runs
from ghosts.mechanisms.observations import (
    clean_pod_of_seven,
    cleared_by_restart_only,
    gauge_above_tcp,
    memory_per_ghost,
    one_pod_of_the_fleet,
    quiet_after_the_fix,
    straight_growth,
)

EXPLAINS, CONTRADICTS, CANNOT_TELL = Answer.EXPLAINS, Answer.CONTRADICTS, Answer.CANNOT_TELL
STEADY = leak(80)
CROWDED = [sample(m, gauge=216, tcp=40, ghosts=m) for m in range(1, 191)]
AT_ONCE = [
    sample(m, gauge=22 if m < 20 else 216, tcp=22, ghosts=0 if m < 20 else 194)
    for m in range(1, 191)
]
RESTARTED = recording(variant="supervised")
BUSY_AFTER = recording(
    [sample(m, gauge=22, tcp=22, queued_bytes=22 * 16 * CHUNK) for m in range(1, 191)],
    variant="supervised",
)
IN_STEPS = [
    sample(m, gauge=22 + (194 if m > 100 else 1), tcp=22, ghosts=1, queued_bytes=1)
    if m < 100
    else sample(m, gauge=216, tcp=22, ghosts=194, queued_bytes=200 * 16 * CHUNK)
    for m in range(1, 191)
]


def fleet(*rows: list[int], connections: tuple[int, ...] = (22, 20, 17, 16, 7)):
    return tuple(pod(n, connections[n % 5], row) for n, row in enumerate(rows))


@pytest.mark.parametrize(
    ("before", "answer", "number", "words"),
    [
        (STEADY, EXPLAINS, 216, "on 22 TCP"),
        (None, CONTRADICTS, 22, "no ghosts"),
        (leak(80, most=15), CONTRADICTS, 37, "never reads more than 37, with 15"),
        (leak(20), CANNOT_TELL, 78, "still grows"),
        (CROWDED, CONTRADICTS, 216, "on 40 TCP"),
        (AT_ONCE, CONTRADICTS, 216, "0.0 h after"),
    ],
)
def test_o1_is_a_gauge_that_grows_over_hours_beside_few_connections(
    before, answer, number, words
) -> None:
    verdict = gauge_above_tcp(runs(recording(before)))
    assert (verdict.answer, verdict.number) == (answer, number)
    assert words in verdict.reason


@pytest.mark.parametrize(
    ("chunks", "answer"), [([16, 16, 3], EXPLAINS), ([1, 2, 3], CONTRADICTS), ([], CONTRADICTS)]
)
def test_o2_is_the_median_ghost_within_the_interval_of_the_fit(chunks, answer) -> None:
    verdict = memory_per_ghost(runs(recording(held=[n * CHUNK for n in chunks])))
    assert verdict.answer is answer
    assert verdict.number == (round(sorted(chunks)[1] * CHUNK * 10 / 2**20, 1) if chunks else None)


@pytest.mark.parametrize(
    ("pods", "answer", "number"),
    [
        ([[50, 170], [2, 5], [1, 3]], EXPLAINS, 8),
        ([[50, 170], [2, 165], [1, 3]], CONTRADICTS, 168),
        ([[50, 100], [2, 5]], CONTRADICTS, None),
    ],
)
def test_o3_counts_the_other_pods_when_one_is_as_large_as_on_record(pods, answer, number) -> None:
    verdict = one_pod_of_the_fleet(runs(fleet=fleet(*pods)))
    assert (verdict.answer, verdict.number) == (answer, number)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a_storage_stops", "restarted in the 10 min before"),
        ("b_interruption_60", "restarted since the interruption"),
        ("c_some_uploads_hang", "restarted in the 30 min before"),
        ("d_hangs_at_departure", "restarted in the 30 min before"),
    ],
)
def test_o3_and_o4_say_when_pods_must_have_been_restarted_to_be_as_on_record(name, words) -> None:
    others = fleet([50, 90, 170], [2, 9, 20], [1, 3, 30])
    assert words in one_pod_of_the_fleet(runs(fleet=others, name=name)).reason
    seven = fleet(*([0, 10, 170],) * 4, [0, 0, 9])
    assert words in clean_pod_of_seven(runs(fleet=seven, name=name)).reason


@pytest.mark.parametrize(
    ("pods", "answer", "number"),
    [
        ([[80, 90], [60, 90], [57, 90], [57, 80], [0, 4]], EXPLAINS, 0),
        ([[80, 90], [60, 90], [56, 90], [57, 80], [0, 4]], CONTRADICTS, 4),
        ([[80, 90], [60, 90], [9, 15], [57, 80], [0, 0]], CONTRADICTS, 0),
    ],
)
def test_o4_looks_at_the_pod_of_seven_when_the_others_are_as_on_record(
    pods, answer, number
) -> None:
    verdict = clean_pod_of_seven(runs(fleet=fleet(*pods)))
    assert (verdict.answer, verdict.number) == (answer, number)


@pytest.mark.parametrize("check", [one_pod_of_the_fleet, clean_pod_of_seven])
def test_without_a_fleet_one_pod_can_contradict_and_never_explain(check) -> None:
    assert check(runs()).answer is CONTRADICTS
    assert check(runs(recording(STEADY))).answer is CANNOT_TELL


@pytest.mark.parametrize(
    ("before", "after", "answer"),
    [
        (STEADY, RESTARTED, EXPLAINS),
        (STEADY, BUSY_AFTER, CANNOT_TELL),
        (leak(80, chunks=2), RESTARTED, CONTRADICTS),
        (IN_STEPS, RESTARTED, CONTRADICTS),
        (None, RESTARTED, CONTRADICTS),
    ],
)
def test_o5_is_a_straight_line_to_the_largest_pod_and_little_after_the_fix(
    before, after, answer
) -> None:
    assert straight_growth(runs(recording(before), after)).answer is answer


@pytest.mark.parametrize(
    ("before", "drains", "answer", "number"),
    [
        (STEADY, [3.0, 100.0], EXPLAINS, 0),
        (STEADY, [3.0, 200.0, 300.0], CONTRADICTS, 2),
        (None, [3.0], CONTRADICTS, 0),
    ],
)
def test_o6_counts_the_ghosts_that_go_away_by_themselves(before, drains, answer, number) -> None:
    verdict = cleared_by_restart_only(runs(recording(before, drains=drains)))
    assert (verdict.answer, verdict.number) == (answer, number)


@pytest.mark.parametrize(
    ("drains", "answer", "number"),
    [([], EXPLAINS, 0), ([5.0, 20.0], EXPLAINS, 0), ([5.0, 30.0, 35.0], CONTRADICTS, 2)],
)
def test_o7_counts_drain_timeouts_after_the_fix(drains, answer, number) -> None:
    after = recording(variant="supervised", drains=drains)
    verdict = quiet_after_the_fix(runs(after=after))
    assert (verdict.answer, verdict.number) == (answer, number)


@pytest.mark.parametrize(
    "made", [runs(), runs(recording(STEADY, held=[CHUNK])), runs(fleet=fleet([1], [2]))]
)
def test_every_verdict_names_its_cell_and_gives_one_sentence(made: Runs) -> None:
    for name, check in OBSERVATIONS.items():
        verdict = check(made)
        assert (verdict.candidate, verdict.observation) == ("a_storage_stops", name)
        assert verdict.unit
        assert verdict.reason
        assert "\n" not in verdict.reason
        assert not verdict.reason.endswith(".")
    assert list(CLAIMS) == list(OBSERVATIONS)
