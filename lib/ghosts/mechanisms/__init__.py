"""Which mechanism: candidates for what started the incident, against what was observed.

Each candidate is a scenario and client settings; each observation is a function from a candidate's
runs to a verdict. data/mechanisms/README.md says what each stands for, and what came out.
"""

from ghosts.mechanisms.candidates import CANDIDATES, GOOGLE_DEFAULTS, Candidate, candidate
from ghosts.mechanisms.fleet import PodPlan, plan_fleet, replay_fleet, replay_pod
from ghosts.mechanisms.fleet_csv import STORED_FLEETS, read_fleet, stored_fleets, write_fleet
from ghosts.mechanisms.fleet_state import (
    FleetState,
    age_of_few,
    state_at,
    when_first_is_full,
    when_largest_has,
)
from ghosts.mechanisms.observations import CLAIMS, OBSERVATIONS
from ghosts.mechanisms.runs import Runs, replay_candidates
from ghosts.mechanisms.session_lengths import (
    SESSION_LENGTHS,
    STORED_SESSION_LENGTHS,
    SessionLengthRun,
    read_session_lengths,
    replay_session_lengths,
    write_session_lengths,
)
from ghosts.mechanisms.table import (
    STORED_VERDICTS,
    judge,
    read_verdicts,
    run_mechanisms,
    write_verdicts,
)
from ghosts.records.candidate_runs import Answer, PodRun, PodSample, Verdict

__all__ = [
    "CANDIDATES",
    "CLAIMS",
    "GOOGLE_DEFAULTS",
    "OBSERVATIONS",
    "SESSION_LENGTHS",
    "STORED_FLEETS",
    "STORED_SESSION_LENGTHS",
    "STORED_VERDICTS",
    "Answer",
    "Candidate",
    "FleetState",
    "PodPlan",
    "PodRun",
    "PodSample",
    "Runs",
    "SessionLengthRun",
    "Verdict",
    "age_of_few",
    "candidate",
    "judge",
    "plan_fleet",
    "read_fleet",
    "read_session_lengths",
    "read_verdicts",
    "replay_candidates",
    "replay_fleet",
    "replay_pod",
    "replay_session_lengths",
    "run_mechanisms",
    "state_at",
    "stored_fleets",
    "when_first_is_full",
    "when_largest_has",
    "write_fleet",
    "write_session_lengths",
    "write_verdicts",
]
