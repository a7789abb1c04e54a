"""The base class of our errors."""


class GhostsError(Exception):
    """Base class of the errors that ``ghosts`` and ``fleet`` raise.

    Its text is one line: what is wrong and, where there is a choice, what is allowed.
    """
