"""The command's parser, its subcommands, and the exit code of each error."""

import argparse
import re
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final, NoReturn

from ghosts.cli import capacity, check, matrix, mechanisms, replay, report
from ghosts.errors import GhostsError, did_you_mean
from ghosts.processes import ProcessDiedError

_PACKAGE: Final = "ghost-connections"
_DIED: Final = 1
_WRONG_USE: Final = 2


def run(argv: Sequence[str] | None) -> int:
    """Run the command with these arguments and return the exit code; an interrupt is raised."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments) or 0
    except GhostsError as error:
        return _fail(str(error), _DIED if isinstance(error, ProcessDiedError) else _WRONG_USE)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", _WRONG_USE)
    return code


def _fail(message: str, code: int) -> int:
    print(f"ghosts: {' '.join(message.split())}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose error message is one line, with the nearest name for one that is unknown."""

    def error(self, message: str) -> NoReturn:
        if invalid := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            known = re.findall(r"[\w.-]+", invalid[2])
            if near := did_you_mean(invalid[1], known):
                message = message[: invalid.start()] + f"no {invalid[1]!r}" + near
        self.exit(_WRONG_USE, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="ghosts", description="Replay the ghost connections of production.")
    parser.add_argument("--version", action="version", version=f"ghosts {version(_PACKAGE)}")
    commands = parser.add_subparsers(
        required=True, metavar="replay|report|matrix|capacity|mechanisms|check"
    )
    for subcommand in (replay, report, matrix, capacity, mechanisms, check):
        subcommand.add_to(commands)
    return parser
