"""The exercises: each module or package here defines one, as ``EXERCISE``."""
