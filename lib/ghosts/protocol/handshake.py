"""The handshake: the query string with which a connection to either service is opened."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlencode

from ghosts import config

# A uid is part of task names (ws:{uid}:{loop}) and of log lines, so it has no colon and no newline.
_UID: Final = re.compile(rf"[A-Za-z0-9._@+-]{{1,{config.MAX_ID_LENGTH}}}")
_RATE: Final = re.compile(r"[0-9]{1,9}")
_DEFAULT_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """Who connects, in which language, at which sample rate."""

    uid: str
    sample_rate: int
    """Hz."""
    language: str = _DEFAULT_LANGUAGE
    acknowledged: bool = False
    """Whether the peer wants the pusher to acknowledge what it will not lose."""
    refusal: str | None = None
    """Why the connection is refused, short enough for a close frame; the other fields are then
    placeholders. None: it is not refused."""

    @property
    def bytes_per_second(self) -> int:
        """Bytes of audio per second."""
        return self.sample_rate * config.BYTES_PER_SAMPLE

    def query_for_pusher(self, *, acknowledged: bool) -> str:
        """Return the query with which listen connects to the pusher for this device."""
        query = {"uid": self.uid, "sample_rate": self.sample_rate}
        return urlencode(query | {"acks": 1} if acknowledged else query)


def read_handshake(path: str, *, languages: Collection[str] | None = None) -> Handshake:
    """Return the handshake in the query of ``path``. It never raises.

    Args:
        path: The path of the request, with its query.
        languages: The languages that are allowed. None: the language is not read.

    Returns:
        The handshake; an invalid one has a ``refusal``.
    """
    fields = parse_qs(path.partition("?")[2], keep_blank_values=True)
    try:
        return Handshake(
            uid=_uid(fields),
            sample_rate=_sample_rate(fields),
            language=_DEFAULT_LANGUAGE if languages is None else _language(fields, languages),
            acknowledged=fields.get("acks") == ["1"],
        )
    except ValueError as error:
        return Handshake(uid="?", sample_rate=1, refusal=str(error))


def _uid(fields: Mapping[str, Sequence[str]]) -> str:
    match fields.get("uid"):
        case [uid] if _UID.fullmatch(uid):
            return uid
    raise ValueError("uid is missing, or not one id")


def _sample_rate(fields: Mapping[str, Sequence[str]]) -> int:
    match fields.get("sample_rate", [str(config.DEFAULT_SAMPLE_RATE)]):
        case [rate] if _RATE.fullmatch(rate) and 0 < int(rate) <= config.MAX_SAMPLE_RATE:
            return int(rate)
    raise ValueError(f"sample_rate is not 1 to {config.MAX_SAMPLE_RATE} Hz")


def _language(fields: Mapping[str, Sequence[str]], languages: Collection[str]) -> str:
    match fields.get("language", [_DEFAULT_LANGUAGE]):
        case [language] if language in languages:
            return language
    raise ValueError(f"language is none of {', '.join(languages)}")
