"""The registry of variants: the incident, the steps of its fix, the fix, the version to ship."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ghosts.clients import DEADLINES, PUBLISHED
from ghosts.config import SPOOL_MAX_BYTES, TERMINATION_GRACE
from ghosts.errors import unknown
from ghosts.listen import ListenSettings
from ghosts.listen.apps import a_few_at_a_time, all_at_once
from ghosts.listen.link import Breaker, PublishedBreaker
from ghosts.listen.outbound import AcknowledgedQueue, LossyQueue
from ghosts.pusher import Lifecycle
from ghosts.variants import fix_steps, listen_lifecycles, pusher_lifecycles
from ghosts.variants.variant import ListenVariant, PusherVariant, Variant, VariantError

_LISTEN_AS_PUBLISHED: Final = ListenSettings(
    outbound=LossyQueue,
    breaker=PublishedBreaker,
    fan_out=all_at_once,
    keeps_unheard=False,
)
INCIDENT: Final = Variant(
    name="gather_all",
    summary="As the incident ran it: wait for all five loops, then clean up.",
    pusher=PusherVariant(lifecycle=pusher_lifecycles.gather_all, clients=PUBLISHED),
    listen=ListenVariant(
        lifecycle=listen_lifecycles.gather_all,
        clients=PUBLISHED,
        settings=_LISTEN_AS_PUBLISHED,
    ),
)
FIX: Final = Variant(
    name="supervised",
    summary="As the fix became: a scope owns the tasks, pairs the gauge, and bounds the drain.",
    pusher=PusherVariant(lifecycle=pusher_lifecycles.supervised, clients=PUBLISHED),
    listen=ListenVariant(
        lifecycle=listen_lifecycles.supervised,
        clients=PUBLISHED,
        settings=replace(_LISTEN_AS_PUBLISHED, fan_out=a_few_at_a_time),
    ),
)
SHIPPED: Final = Variant(
    name="shipped",
    summary="As one would ship it: calls have deadlines, audio a spool, and requests time to "
    "finish.",
    pusher=PusherVariant(
        lifecycle=pusher_lifecycles.shipped,
        clients=DEADLINES,
        spool_bytes=SPOOL_MAX_BYTES,
        grace=TERMINATION_GRACE,
    ),
    listen=ListenVariant(
        lifecycle=listen_lifecycles.shipped,
        clients=DEADLINES,
        settings=ListenSettings(
            outbound=AcknowledgedQueue,
            breaker=Breaker,
            fan_out=a_few_at_a_time,
            keeps_unheard=True,
        ),
    ),
)


def _step(name: str, lifecycle: Lifecycle, summary: str) -> Variant:
    """Return a step of the fix: the incident with another lifecycle of the pusher."""
    incident = INCIDENT.with_lifecycle(lifecycle, name=name)
    return replace(incident, summary=summary)


FIX_STEPS: Final = (
    _step(
        "receive_then_drain",
        fix_steps.receive_then_drain,
        "Wait for the receive loop alone, 300 s per frame at most; then give the loops 30 s.",
    ),
    _step(
        "samples_at_shutdown",
        fix_steps.samples_at_shutdown,
        "The same, and at shutdown queued speaker samples are sent, whatever their age.",
    ),
    _step(
        "first_completed",
        fix_steps.first_completed,
        "The same, and the first task to end ends the session, also when it is a request.",
    ),
    _step(
        "finite_tolerated",
        fix_steps.finite_tolerated,
        "The same, and a task that returns does not end the session, also when it is a loop.",
    ),
    _step(
        "lifetime_ends",
        fix_steps.lifetime_ends,
        "The same, and the end of any task but a request ends the session.",
    ),
    _step(
        "gauge_in_try",
        fix_steps.gauge_in_try,
        "The same, and the gauge is raised inside the `try` whose `finally` lowers it.",
    ),
    _step(
        "bounded_cancel",
        fix_steps.bounded_cancel,
        "The same with `async_tasks`: a task that ignores its cancellation has 5 s to end.",
    ),
    _step(
        "static_labels",
        fix_steps.static_labels,
        "The same, and metric labels are static: no user id is a label.",
    ),
    _step(
        "supervised_by_hand",
        fix_steps.supervised_by_hand,
        "As the fix was published: the same, and shutdown wakes the loops that sleep.",
    ),
)
"""The steps of the fix up to `supervised`, the oldest first."""

VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {variant.name: variant for variant in (INCIDENT, *FIX_STEPS, FIX, SHIPPED)}
)
"""All variants by name, in the order in which they were written."""
LISTEN_VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {name: variant for name, variant in VARIANTS.items() if variant.listen is not None}
)
"""The variants that have a version of listen, by name, in the same order."""
COMPARED: Final = (INCIDENT.name, FIX.name, SHIPPED.name)
"""Names of the incident, its published fix, and the version to ship."""


def variant_of(variant: str | Variant) -> Variant:
    """Return ``variant``, or the variant of the registry that has this name.

    Raises:
        VariantError: there is no variant of this name, or the value is neither.
    """
    if isinstance(variant, Variant):
        return variant
    if not isinstance(variant, str):
        raise VariantError(
            f"a variant is a name or a Variant, not {variant!r}; a lifecycle of your own is "
            'part of one: VARIANTS["gather_all"].with_lifecycle(lifecycle, name="mine")'
        )
    if variant not in VARIANTS:
        raise VariantError(unknown("variant", variant, VARIANTS))
    return VARIANTS[variant]
