"""The backend closes its listener and its connections, like a process that is down."""

from ghosts.simulation.faults.behaviour import FaultBehaviour

BEHAVIOUR = FaultBehaviour(closes_port=True)
