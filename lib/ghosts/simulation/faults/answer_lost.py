"""The backend does its work, then resets the connection instead of answering."""

from ghosts.simulation.faults.behaviour import FaultBehaviour
from ghosts.simulation.ports import reset_request

BEHAVIOUR = FaultBehaviour(instead_of_answer=reset_request)
