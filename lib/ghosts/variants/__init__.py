"""Variants: a lifecycle with the client settings, storage and shutdown grace that go with it."""

from ghosts.variants.diff import variant_diff
from ghosts.variants.registry import (
    COMPARED,
    FIX,
    FIX_STEPS,
    INCIDENT,
    LISTEN_VARIANTS,
    SHIPPED,
    VARIANTS,
    variant_of,
)
from ghosts.variants.variant import ListenVariant, PusherVariant, Variant, VariantError

__all__ = [
    "COMPARED",
    "FIX",
    "FIX_STEPS",
    "INCIDENT",
    "LISTEN_VARIANTS",
    "SHIPPED",
    "VARIANTS",
    "ListenVariant",
    "PusherVariant",
    "Variant",
    "VariantError",
    "variant_diff",
    "variant_of",
]
