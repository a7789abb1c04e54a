"""What is stored of experiments is what a replay gives."""

import pytest

from ghosts.experiments import EXPERIMENTS, Experiment, read_outcomes, run_experiment


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=str)
def test_the_stored_outcome_of_an_experiment_is_what_a_replay_gives(experiment: Experiment) -> None:
    assert run_experiment(experiment) == read_outcomes()[EXPERIMENTS.index(experiment)]
