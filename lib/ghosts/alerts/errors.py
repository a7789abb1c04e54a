"""The errors of expressions and rules."""

from ghosts.errors import GhostsError


class PromQLError(GhostsError, ValueError):
    """An expression is not PromQL, needs what is not covered, or matches series ambiguously."""


class RulesError(GhostsError, ValueError):
    """A file is not one of rules."""
