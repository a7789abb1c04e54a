"""The command ``ghosts``."""

from ghosts.cli.main import main

__all__ = ["main"]
