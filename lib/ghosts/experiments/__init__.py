"""Experiments: which change ends the leak, which the loss of audio, and which frees the workers.

Each experiment replays a scenario under a variant with one thing changed. The list of them and what
the columns of their outcomes mean are in data/experiments/README.md.
"""

from ghosts.experiments.experiment import EXPERIMENTS, Change, Experiment
from ghosts.experiments.outcome import Outcome, outcome_of, run_experiment
from ghosts.experiments.table import STORED_OUTCOMES, read_outcomes, write_outcomes

__all__ = [
    "EXPERIMENTS",
    "STORED_OUTCOMES",
    "Change",
    "Experiment",
    "Outcome",
    "outcome_of",
    "read_outcomes",
    "run_experiment",
    "write_outcomes",
]
