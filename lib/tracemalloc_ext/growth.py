"""What grew between two moments: by owner, by line, and outside of Python's allocators."""

import mmap
import os
import tracemalloc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracemalloc_ext.retained import Retained, retained_by
from tracemalloc_ext.words import byte_count, short_path, source_line

_OURS: Final = os.path.join(os.path.dirname(__file__), "*")
_SHOWN: Final = 10
_STATM: Final = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessMemory:
    """The memory of the process, in bytes.

    Attributes:
        resident: What the operating system counts as resident; None where it does not say (it is
            read from Linux' `/proc`).
        traced: What Python's allocators have given out since `tracemalloc.start()`, with the memory
            of `tracemalloc` itself; None when it was not tracing.
    """

    resident: int | None
    traced: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Memory at one moment.

    Attributes:
        owners: Bytes by owner.
        lines: (bytes, blocks) by (file name, line); None when `tracemalloc` was not tracing.
        begun: The process when the snapshot was begun.
        complete: The process when it was complete. What the snapshot needed itself may stay
            resident.
    """

    owners: Retained[str]
    lines: Mapping[tuple[str, int], tuple[int, int]] | None
    begun: ProcessMemory
    complete: ProcessMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerGrowth:
    """The change of the bytes that one owner alone keeps alive; negative: they were released."""

    owner: str
    size: int

    def __str__(self) -> str:
        return f"{_signed(self.size):>16}  {self.owner}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineGrowth:
    """The change of the bytes and blocks allocated at one line; negative: they were freed."""

    file: str
    line: int
    source: str
    size: int
    blocks: int

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{_signed(self.size):>16}  {self.blocks:+,} blocks  {where}  {self.source}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What changed, largest growth first; ties in the order of names and lines.

    Attributes:
        owners: By owner, without those that did not change.
        shared: The change, in bytes, of what several owners share.
        lines: By line, without those that did not change; None when `tracemalloc` was not tracing
            at one of the two moments.
        resident: The growth of the process's resident memory, in bytes; None where the operating
            system does not say.
        traced: As much of it as Python's allocators have given out, in bytes; None when
            `tracemalloc` was not tracing at one of the two moments.
    """

    owners: tuple[OwnerGrowth, ...]
    shared: int
    lines: tuple[LineGrowth, ...] | None
    resident: int | None
    traced: int | None

    @property
    def unexplained(self) -> int | None:
        """Bytes of the growth of resident memory that Python's allocators did not give out.

        They belong to C libraries, such as OpenSSL or a database driver, or to free memory that an
        allocator holds. Neither owners nor lines can show them. None when one of the two is not
        known. Negative: Python gave out memory that nobody has written to yet, such as zeros, and
        which is not resident; as much from elsewhere may be hidden behind it.
        """
        if self.resident is None or self.traced is None:
            return None
        return self.resident - self.traced

    def __str__(self) -> str:
        shared = [f"{_signed(self.shared):>16}  shared"] if self.shared else []
        report = ["by owner", *_rows(self.owners, more=shared), "by line"]
        lines = (
            ["  unknown: tracemalloc was not tracing"] if self.lines is None else _rows(self.lines)
        )
        return "\n".join([*report, *lines, "resident memory", *self._resident_rows()])

    def _resident_rows(self) -> list[str]:
        if self.resident is None:
            return ["  unknown on this system"]
        rows = [f"{_signed(self.resident):>16}  in all"]
        outside = "not given out by Python's allocators: C libraries, free memory"
        if self.unexplained is not None and self.unexplained >= 0:
            return [*rows, f"{_signed(self.unexplained):>16}  {outside}"]
        reason = "Python's allocators gave out more than became resident"
        if self.unexplained is None:
            reason = "tracemalloc was not tracing"
        return [*rows, f"  unknown, as {reason}: how much of it was {outside}"]


def snapshot(
    owners: Mapping[str, object] | None = None, *, exclude: Iterable[object] = ()
) -> Snapshot:
    """Return the memory that is in use now, by owner and by line.

    Await `settle()` first: otherwise objects that are about to be freed are counted. Lines are
    those of the standard library's `tracemalloc`, for memory allocated since `tracemalloc.start()`.
    Memory of `tracemalloc` and of this package is left out. Only totals by line are kept, not the
    traces.

    Args:
        owners: Objects by name, counted as by `retained_by`.
        exclude: Objects and classes to leave out, as in `retained_bytes`.
    """
    begun = _process_memory()
    lines = None
    if tracemalloc.is_tracing():
        hidden = [
            tracemalloc.Filter(inclusive=False, filename_pattern=pattern)
            for pattern in (tracemalloc.__file__, _OURS)
        ]
        statistics = tracemalloc.take_snapshot().filter_traces(hidden).statistics("lineno")
        lines = {
            (entry.traceback[0].filename, entry.traceback[0].lineno): (entry.size, entry.count)
            for entry in statistics
        }
    kept = retained_by(owners or {}, exclude=exclude)
    return Snapshot(owners=kept, lines=lines, begun=begun, complete=_process_memory())


def _process_memory() -> ProcessMemory:
    traced = None
    if tracemalloc.is_tracing():
        traced = tracemalloc.get_traced_memory()[0] + tracemalloc.get_tracemalloc_memory()
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        return ProcessMemory(resident=None, traced=traced)
    return ProcessMemory(resident=pages * mmap.PAGESIZE, traced=traced)


def growth(before: Snapshot, after: Snapshot) -> Growth:
    """Return the change from `before` to `after`.

    An owner that one of the snapshots does not have counts 0 bytes in it.
    """
    first, last = before.complete, after.begun
    return Growth(
        owners=_owner_growth(before.owners.own, after.owners.own),
        shared=after.owners.shared - before.owners.shared,
        lines=None
        if before.lines is None or after.lines is None
        else _line_growth(before.lines, after.lines),
        resident=_difference(first.resident, last.resident),
        traced=_difference(first.traced, last.traced),
    )


def _difference(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else after - before


def _owner_growth(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[OwnerGrowth, ...]:
    rows = [
        OwnerGrowth(owner=owner, size=after.get(owner, 0) - before.get(owner, 0))
        for owner in {**before, **after}
    ]
    return tuple(sorted((row for row in rows if row.size), key=lambda row: (-row.size, row.owner)))


def _line_growth(
    before: Mapping[tuple[str, int], tuple[int, int]],
    after: Mapping[tuple[str, int], tuple[int, int]],
) -> tuple[LineGrowth, ...]:
    rows = []
    for key in {**before, **after}:
        (old_size, old_blocks), (size, blocks) = before.get(key, (0, 0)), after.get(key, (0, 0))
        if (size, blocks) == (old_size, old_blocks):
            continue
        filename, line = key
        row = LineGrowth(
            file=short_path(filename),
            line=line,
            source=source_line(filename, line),
            size=size - old_size,
            blocks=blocks - old_blocks,
        )
        rows.append(row)
    return tuple(sorted(rows, key=lambda row: (-row.size, row.file, row.line)))


def _rows(rows: Iterable[object], more: Iterable[str] = ()) -> list[str]:
    lines = [*map(str, rows), *more]
    hidden = len(lines) - _SHOWN
    return ([*lines[:_SHOWN], f"  and {hidden} more"] if hidden > 0 else lines) or ["  no change"]


def _signed(size: int) -> str:
    return f"{'+' if size > 0 else ''}{byte_count(size)}"
