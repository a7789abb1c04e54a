"""The command ``ghosts``: how it starts and how it ends."""

import io
import os
import sys
from collections.abc import Sequence
from typing import Final

_INTERRUPTED: Final = 130
"""What a shell expects of a command that Ctrl-C has ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or those of the process. Return the exit code.

    0 is success, 1 a replay that died, 2 a wrong argument or file, 130 an interrupt. Whatever
    goes wrong is one line on standard error.
    """
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # A name may be foreign to a terminal.
    try:
        from ghosts.cli import commands  # Loading it takes a moment in which Ctrl-C may come.

        return commands.run(argv)
    except KeyboardInterrupt:
        print("ghosts: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _open_what_is_closed() -> None:
    """Open a standard stream that is closed, as by ``>&-``.

    A file or pipe that is opened later would get its number, and child processes would take it for
    the stream.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
