"""The file of ``--send``: the frames that each device sends, again and again.

It is a JSON list. Each entry is one frame, sent one second after the frame before it:

- a string is a text frame: ``"hello"``;
- ``{"text": "hello"}`` is the same;
- ``{"json": {"type": "hello"}}`` is a text frame that contains the value as JSON;
- ``{"base64": "AAEC"}`` is a binary frame, with the bytes that the string encodes.

An object may have ``"pause"`` as well: the seconds since the frame before, if not 1.
"""

import base64
import binascii
import json
from pathlib import Path
from typing import Any, Final

from ghosts.check.service import Frame
from ghosts.errors import GhostsError, unknown

_KINDS: Final = ("text", "json", "base64")
_FORMS: Final = 'write "TEXT", {"text": "TEXT"}, {"json": VALUE} or {"base64": "BYTES"}'
_PAUSE: Final = "pause"
_LONGEST_PAUSE: Final = 86_400.0
_SHORTEST_PERIOD: Final = 0.01
"""Seconds that all frames together take at least: the sequence repeats."""


class FramesError(GhostsError):
    """A file of frames has an entry that is no frame."""


def read_frames(path: Path) -> tuple[Frame, ...]:
    """Return the frames of a file.

    Raises:
        FramesError: the file cannot be read, or is no list of frames.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FramesError(f"{path}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise FramesError(
            f"{path}: is not JSON: {error.msg} in line {error.lineno}; write a list of frames, "
            'such as ["hello", {"base64": "AAEC", "pause": 0.5}]'
        ) from None
    except (ValueError, RecursionError):
        raise FramesError(f"{path}: is not JSON in UTF-8") from None
    if not isinstance(entries, list):
        raise FramesError(f'{path}: should be a list of frames, such as ["hello"]')
    frames = []
    for number, entry in enumerate(entries, 1):
        try:
            frames.append(_frame(entry))
        except FramesError as error:
            raise FramesError(f"{path}: entry {number}: {error}") from None
    if frames and sum(frame.pause for frame in frames) < _SHORTEST_PERIOD:
        raise FramesError(
            f"{path}: the pauses add up to less than {_SHORTEST_PERIOD:g} s, and the frames "
            "repeat; write a longer pause"
        )
    return tuple(frames)


def _frame(entry: Any) -> Frame:
    if isinstance(entry, str):
        return Frame(_text(entry))
    if not isinstance(entry, dict):
        raise FramesError(f"{_shown(entry)} is no frame; {_FORMS}")
    for key in entry:
        if key not in (*_KINDS, _PAUSE):
            raise FramesError(unknown("key", key, (*_KINDS, _PAUSE)))
    kinds = [key for key in entry if key != _PAUSE]
    if len(kinds) != 1:
        has = " and ".join(kinds) or f"none of {', '.join(_KINDS)}"
        raise FramesError(f"has {has}, and should have one; {_FORMS}")
    return Frame(_data(kinds[0], entry[kinds[0]]), _seconds(entry.get(_PAUSE, 1.0)))


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FramesError(
            f"{_shown(text)} has half a surrogate pair; write whole letters"
        ) from None
    return text


def _data(kind: str, value: Any) -> str | bytes:
    if kind == "json":
        return _text(json.dumps(value, ensure_ascii=False))
    if not isinstance(value, str):
        raise FramesError(f"{kind} is {_shown(value)}; write a string")
    if kind == "text":
        return _text(value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise FramesError(
            f"base64 is {_shown(value)}, which is not base64; write the bytes as "
            "base64.b64encode returns them"
        ) from None


def _seconds(pause: Any) -> float:
    is_number = isinstance(pause, int | float) and not isinstance(pause, bool)
    if not is_number or not 0 <= pause <= _LONGEST_PAUSE:
        raise FramesError(f"pause is {_shown(pause)}; write seconds, 0 to {_LONGEST_PAUSE:.0f}")
    return float(pause)


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
