"""What a handshake's query may say."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ghosts import settings

# Task names are ws:{uid}:{loop}, and a log line is one line: neither can be forged by a uid.
_UID: Final = re.compile(rf"[A-Za-z0-9._@+-]{{1,{settings.MAX_ID_LENGTH}}}")
_RATE: Final = re.compile(r"[0-9]{1,9}")


def one_id(fields: Mapping[str, Sequence[str]]) -> str:
    """Return the uid; raise ValueError, with a text that fits a close frame, if there is none."""
    match fields.get("uid"):
        case [uid] if _UID.fullmatch(uid):
            return uid
    raise ValueError("uid is missing, or not one id")


def one_rate(fields: Mapping[str, Sequence[str]]) -> int:
    """Return the sample rate in Hz; raise ValueError, with a text that fits a close frame."""
    match fields.get("sample_rate", [str(settings.DEFAULT_SAMPLE_RATE)]):
        case [rate] if _RATE.fullmatch(rate) and 0 < int(rate) <= settings.MAX_SAMPLE_RATE:
            return int(rate)
    raise ValueError(f"sample_rate is not 1 to {settings.MAX_SAMPLE_RATE} Hz")
