"""What is checked before a subcommand starts: its files can be written."""

import tempfile
from pathlib import Path
from typing import Final

from ghosts.errors import GhostsError

BUILD: Final = Path("build")
"""Where recordings and the report go, below the current folder."""
REPORT: Final = BUILD / "report.html"


class CommandError(GhostsError):
    """Wrong use of the command. The message is one line that says what to do."""


def check_writable(*paths: Path) -> None:
    """Try to open each file for writing; leave none behind.

    Raises:
        CommandError: one of them cannot be written.
    """
    for path in paths:
        try:
            if path.is_relative_to(BUILD):
                path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path.open("ab").close()
            else:
                tempfile.TemporaryFile(dir=path.parent).close()
        except OSError as error:
            raise CommandError(
                f"cannot write {path}: {error.strerror}; make that place writable, or use another"
            ) from None
