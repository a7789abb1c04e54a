"""Candidate causes A to F, each a scenario and client settings."""

from dataclasses import dataclass, replace
from typing import Final

import aiohttp

from ghosts.backends import Backend
from ghosts.clients import PUBLISHED, ClientSettings
from ghosts.errors import unknown
from ghosts.records.scenario import Scenario, ScenarioError, load_scenario

GOOGLE_TIMEOUT: Final = 60.0
"""Seconds to connect, and seconds between two bytes of an answer: the default of the Python client
google-cloud-storage ("Configuring Timeouts and Retries" in its reference documentation)."""

GOOGLE_DEFAULTS: Final = replace(
    PUBLISHED,
    timeouts={
        **PUBLISHED.timeouts,
        Backend.STORAGE: aiohttp.ClientTimeout(
            total=None, sock_connect=GOOGLE_TIMEOUT, sock_read=GOOGLE_TIMEOUT
        ),
    },
)
"""As published, with that client's default timeouts on uploads."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate cause."""

    name: str
    """The name of its scenario, and of its row."""
    letter: str
    """Its letter in the list of candidates, A to F."""
    claim: str
    """The cause in a few words."""
    clients: ClientSettings = PUBLISHED
    """The settings of the clients that it is replayed with."""

    @property
    def scenario(self) -> Scenario:
        """What happens to one pod of 22 connections."""
        return load_scenario(self.name)

    @property
    def after_restart(self) -> Scenario:
        """What happens to a pod that was restarted later: a fault that has ended is not there."""
        scenario = self.scenario
        lasting = tuple(fault for fault in scenario.faults if fault.end is None)
        return replace(scenario, faults=lasting)


CANDIDATES: Final = (
    Candidate("a_storage_stops", "A", "storage stops answering for all, for good"),
    Candidate("b_interruption_30", "B", "one interruption of 30 s; uploads begun in it hang"),
    Candidate("b_interruption_60", "B", "one interruption of 60 s; uploads begun in it hang"),
    Candidate("b_interruption_120", "B", "one interruption of 120 s; uploads begun in it hang"),
    Candidate("c_some_uploads_hang", "C", "each upload has a chance of 1.4 % never to return"),
    Candidate("d_hangs_at_departure", "D", "uploads hang only once their device has left"),
    Candidate("e_half_open_peers", "E", "devices vanish without closing; nothing hangs"),
    Candidate(
        "f_default_timeouts", "F", "as A, but 60 s without an answer end an upload", GOOGLE_DEFAULTS
    ),
)
"""In the order of the table."""


def candidate(name: str) -> Candidate:
    """Return the candidate of this name.

    Raises:
        ScenarioError: there is none.
    """
    for one in CANDIDATES:
        if one.name == name:
            return one
    raise ScenarioError(unknown("candidate", name, (one.name for one in CANDIDATES)))
