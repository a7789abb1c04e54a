"""Swap what the incident and its fix do, in every process that starts with this on its path."""

from dataclasses import replace

import ghosts.variants
from ghosts.variants import FIX, INCIDENT, registry

registry.VARIANTS = registry.VARIANTS | {
    INCIDENT.name: replace(INCIDENT, pusher=FIX.pusher),
    FIX.name: replace(FIX, pusher=INCIDENT.pusher),
}
ghosts.variants.VARIANTS = registry.VARIANTS
