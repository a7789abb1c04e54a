"""Real runs of a candidate are judged by every observation."""

from ghosts.mechanisms import Answer, Runs, candidate, judge
from ghosts.mechanisms.fleet import shortened
from ghosts.replay.run import replay


def test_short_real_runs_are_judged_by_every_observation() -> None:
    one = candidate("a_storage_stops")
    scenario = shortened(one.scenario, 30 * 60)
    before, after = (
        replay(scenario, variant, measure_memory=False) for variant in ("gather_all", "supervised")
    )
    verdicts = {v.observation: v for v in judge([Runs(one, before, after)])}
    answers = {name: v.answer for name, v in verdicts.items()}
    assert answers == {
        "O1": Answer.CANNOT_TELL,
        "O2": Answer.CONTRADICTS,
        "O3": Answer.CONTRADICTS,
        "O4": Answer.CONTRADICTS,
        "O5": Answer.CONTRADICTS,
        "O6": Answer.EXPLAINS,
        "O7": Answer.CONTRADICTS,
    }
    assert verdicts["O1"].number == before.last.gauge > before.last.tcp
    begun = one.scenario.faults[0].start
    closed = [at for at in after.times("session_closed").values() if at > begun]
    assert verdicts["O7"].number == len(closed) > 0
