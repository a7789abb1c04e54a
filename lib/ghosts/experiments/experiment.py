"""An experiment: a scenario, a variant, and the one thing that is changed in the variant."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ghosts.clients import DEADLINES
from ghosts.evidence import thread_pools
from ghosts.variants import FIX, INCIDENT, SHIPPED, Variant, variant_of


class Change(StrEnum):
    """What is changed in a variant, and nothing else is."""

    NOTHING = "as it is"
    DEADLINES = "deadlines"
    """Every call of a client has a deadline, as in the version to ship."""
    DEADLINES_AND_SPOOL = "deadlines, spool"
    """The same, and audio not yet uploaded is on disk. A spool alone makes no difference to a call
    that never returns."""
    LARGEST_POOL = "largest pool"
    """The upload pool has as many workers as the largest one on record with a date."""

    def made_to(self, variant: Variant) -> Variant:
        """Return a variant with this change."""
        match self:
            case Change.NOTHING:
                return variant
            case Change.DEADLINES:
                return variant.with_clients(DEADLINES)
            case Change.DEADLINES_AND_SPOOL:
                with_spool = replace(SHIPPED.pusher, lifecycle=variant.pusher.lifecycle)
                return replace(variant, pusher=with_spool)
            case Change.LARGEST_POOL:
                storage = (each for each in thread_pools() if each.pool == "storage")
                workers = max(each.workers for each in storage if each.since)
                clients = replace(variant.pusher.clients, upload_workers=workers)
                return variant.with_clients(clients)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One run: a scenario and a variant, both by name, and a change."""

    scenario: str
    variant: str
    change: Change = Change.NOTHING

    @property
    def changed_variant(self) -> Variant:
        """The variant that is replayed.

        Raises:
            VariantError: there is no variant of that name.
        """
        return self.change.made_to(variant_of(self.variant))


EXPERIMENTS: Final = tuple(
    Experiment(scenario=scenario, variant=variant.name, change=change)
    for scenario, variant, changes in (
        ("production", INCIDENT, tuple(Change)),
        ("production", FIX, (Change.NOTHING, Change.DEADLINES, Change.LARGEST_POOL)),
        ("outage", INCIDENT, (Change.NOTHING, Change.DEADLINES, Change.DEADLINES_AND_SPOOL)),
        ("outage", FIX, (Change.NOTHING, Change.DEADLINES)),
    )
    for change in changes
)
"""The experiments whose outcomes are stored."""
