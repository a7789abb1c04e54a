"""Spools as an answer makes them: each is noted, and its disk can be full."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ghosts.pusher import Spool
from ghosts.pusher.spool_file import Key


class Spools:
    """The spools of one process, and what did not fit into them."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.sizes: list[int] = []
        self.not_kept: set[tuple[Key, float]] = set()
        """Audio that a spool refused when it came last: its conversation and its start."""
        self._open: list[Spool] = []

    def close(self) -> None:
        """Close all that were made, as the end of their process does."""
        for spool in self._open:
            spool.close()
        self._open.clear()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note the spools that are made, and what does not fit."""
        made, append = Spool.__init__, Spool.append

        def note_made(spool: Spool, path: Path, max_bytes: int, **options: Any) -> None:
            made(spool, path, max_bytes, **options)
            self.paths.append(Path(path))
            self.sizes.append(max_bytes)
            self._open.append(spool)

        def note_full(spool: Spool, key: Key, started_at: float, pcm: bytes) -> None:
            self.not_kept.add((Key(*key), started_at))
            append(spool, key, started_at, pcm)
            self.not_kept.discard((Key(*key), started_at))

        Spool.__init__, Spool.append = note_made, note_full  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            Spool.__init__, Spool.append = made, append  # type: ignore[method-assign]


@contextmanager
def disk_full(disks: Path, full: Callable[[], bool]) -> Iterator[None]:
    """Let ``shutil.disk_usage`` find no byte free in a folder while ``full`` says so."""
    ask = shutil.disk_usage

    def usage(path: Any) -> Any:
        found = ask(path)
        in_folder = isinstance(path, str | Path) and Path(path).is_relative_to(disks)
        return found._replace(used=found.total, free=0) if in_folder and full() else found

    shutil.disk_usage = usage
    try:
        yield
    finally:
        shutil.disk_usage = ask
