"""The reader's progress, kept in a file that survives a restart of the kernel and `make clean`."""

import datetime as dt
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from ghosts.exercises.prediction import Value
from ghosts.paths import DATA

VARIABLE: Final = "GHOSTS_PROGRESS"
"""Environment variable with another path of the file. Kernels of tests have one of their own."""
_DEFAULT: Final = DATA.parent / "notebooks" / "my_exercises" / "progress.json"

State = Literal["not attempted", "attempted", "solved"]
_ORDER: Final[tuple[State, ...]] = ("not attempted", "attempted", "solved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a reader has done in one exercise."""

    state: State = "not attempted"
    checks: int = 0
    """Answers checked, right and wrong."""
    hints: int = 0
    """The most hints shown."""
    solution_seen: bool = False
    solved_at: dt.datetime | None = None
    """When it was solved for the first time."""
    predictions: dict[str, Value] | None = None

    def checked(self, *, correct: bool) -> "Record":
        """Return the record after another check. A wrong answer does not undo a right one."""
        state: State = "solved" if correct else "attempted"
        return replace(
            self,
            state=max(self.state, state, key=_ORDER.index),
            checks=self.checks + 1,
            solved_at=self.solved_at or (_now() if correct else None),
        )

    def predicted(self, question: str, value: Value) -> "Record":
        """Return the record with an answer to a question."""
        return replace(self, predictions={**(self.predictions or {}), question: value})


_FILE: Final = TypeAdapter(dict[str, Record])


def records() -> dict[str, Record]:
    """Return the record of each exercise that was begun, by slug; none if it cannot be read."""
    path = _path()
    if not os.path.exists(path):  # not Path.exists, which raises where a folder is not accessible
        return {}
    with _alone(path) as usable:
        return (_read(path) or {}) if usable else {}


def record_of(slug: str) -> Record:
    """Return the record of one exercise."""
    return records().get(slug, Record())


def change(slug: str, changed: Callable[[Record], Record]) -> None:
    """Replace the record of one exercise by what ``changed`` returns for it.

    Kernels that do so at the same time wait for each other, so that none loses what another has
    written. A file that cannot be read or written is left as it is, and a line on stdout says so.
    """
    path = _path()
    with _alone(path) as usable:
        before = _read(path) if usable else None
        if before is not None:
            _write(path, {**before, slug: changed(before.get(slug, Record()))})


def _path() -> Path:
    return Path(os.environ.get(VARIABLE) or _DEFAULT)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Hold the lock of the file in the block; yield whether it could be locked."""
    # Not the file itself: each write replaces it, and a lock on it would be on the old one.
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context(path.with_suffix(".lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            print(f"your progress is not kept: {error.strerror}: {path}")
            yield False
            return
        yield True


def _read(path: Path) -> dict[str, Record] | None:
    """Return what the file has; None if it cannot be read, and so must not be replaced."""
    try:
        return _FILE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        print(f"your progress cannot be read: {error.strerror}: {path}")
        return None
    except ValidationError:
        return _set_aside(path)


def _set_aside(path: Path) -> dict[str, Record] | None:
    """Rename a damaged file and return no records; None if it cannot be renamed."""
    numbers = (f"{number or ''}" for number in count())
    names = (path.with_suffix(f".damaged{number}.json") for number in numbers)
    aside = next(name for name in names if not name.exists())
    try:
        path.replace(aside)
    except OSError as error:
        print(f"your progress is damaged, and cannot be renamed: {error.strerror}: {path}")
        return None
    print(f"your progress was damaged: it is kept in {aside.name}, and counting starts again")
    return {}


def _write(path: Path, contents: dict[str, Record]) -> None:
    new = path.with_suffix(".new")
    try:
        new.write_bytes(_FILE.dump_json(contents, indent=1, exclude_defaults=True))
        new.replace(path)
    except OSError as error:
        print(f"your progress is not kept: {error.strerror}: {path}")
