"""What the gauge and the TCP connections do not show: half-open connections, unread messages."""

from collections.abc import Callable, Iterator, Sequence

from ghosts.records.recording import Recording
from ghosts.records.snapshot import Snapshot


def unseen_in_words(recording: Recording) -> str:
    """Return what the gauge and TCP did not show at the end; empty if they showed everything."""
    whose = "the" if recording.last.listen is None else "listen's"
    return "; ".join(_phrases(recording.last.of_devices, whose))


def _phrases(seen: Snapshot, whose: str) -> Iterator[str]:
    if seen.half_open:
        yield (
            f"{seen.half_open} of {whose} {seen.tcp} TCP connections {_are(seen.half_open)} "
            "half-open: the device has vanished, and neither gauge nor operating system shows it"
        )
    if seen.not_reading:
        yield (
            f"{seen.not_reading} of {whose} {seen.tcp} TCP connections {_are(seen.not_reading)} to "
            "a device that has stopped reading, which neither gauge nor operating system shows"
        )
    if seen.write_buffer_bytes:
        yield f"{kib(seen.write_buffer_bytes)} are in write buffers, and devices do not take them"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def unseen_rows(recordings: Sequence[Recording]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield name and values of each count that is not 0 throughout, at the end and at most."""
    counts: tuple[tuple[str, Callable[[Snapshot], int], Callable[[int], str]], ...] = (
        ("half-open connections", lambda seen: seen.half_open, str),
        ("devices that do not read", lambda seen: seen.not_reading, str),
        ("in write buffers", lambda seen: seen.write_buffer_bytes, kib),
    )
    for name, of, written in counts:
        series = [[of(sample.of_devices) for sample in each.samples] for each in recordings]
        if any(map(any, series)):
            ends = tuple(f"{written(values[-1])}, {written(max(values))}" for values in series)
            yield f"{name}, at the end and most", ends


def kib(size: int) -> str:
    """Return a size in bytes as KiB."""
    return f"{size / 1024:,.1f} KiB"
