"""Replay all experiments and store their outcomes in data/experiments.

    python tools/run_experiments.py

A few minutes.
"""

from ghosts.experiments import EXPERIMENTS, STORED_OUTCOMES, run_experiment, write_outcomes
from ghosts.processes import call_all, processes

if __name__ == "__main__":
    with processes(2) as executor:
        write_outcomes(
            call_all(executor, run_experiment, [(each,) for each in EXPERIMENTS]), STORED_OUTCOMES
        )
