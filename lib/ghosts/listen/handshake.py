"""What a device says when it connects."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from ghosts import settings
from ghosts.service import one_id, one_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """Who it is, what it speaks, and how it sends it."""

    uid: str
    language: str
    sample_rate: int
    refusal: str | None = None
    """Why it cannot be served; the other fields are then of no use."""

    @property
    def bytes_per_second(self) -> int:
        """Bytes of audio in a second."""
        return self.sample_rate * settings.BYTES_PER_SAMPLE

    def query_for_the_pusher(self, *, acknowledged: bool) -> str:
        """Return the query that it is announced to the pusher with."""
        query = {"uid": self.uid, "sample_rate": self.sample_rate}
        return urlencode(query | {"acks": 1} if acknowledged else query)


def read_handshake(path: str) -> Handshake:
    """Read the query of a path; what cannot be served says why, in words that fit a close frame."""
    fields = parse_qs(path.partition("?")[2], keep_blank_values=True)
    language = fields.get("language", ["en"])
    try:
        uid, sample_rate = one_id(fields), one_rate(fields)
        if language != [language[0]] or language[0] not in settings.LISTEN_LANGUAGES:
            raise ValueError(f"language is none of {', '.join(settings.LISTEN_LANGUAGES)}")
    except ValueError as error:
        return Handshake(uid="?", language="?", sample_rate=1, refusal=str(error))
    return Handshake(uid=uid, language=language[0], sample_rate=sample_rate)
