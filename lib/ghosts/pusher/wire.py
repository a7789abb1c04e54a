"""The pusher's wire: a binary frame is a little-endian unsigned 32-bit type, then a payload."""

import json
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn, TypeAlias

from ghosts import settings

_TYPE = struct.Struct("<I")
_AUDIO_HEAD = struct.Struct("<Id")


class FrameType(IntEnum):
    """The frame types on the link (published)."""

    HEARTBEAT = 100
    AUDIO = 101
    TRANSCRIPT = 102
    CONVERSATION = 103
    PROCESS_CONVERSATION = 104
    SPEAKER_SAMPLE = 105
    PROCESSED = 201
    ACKNOWLEDGED = 202


_WITH_TEXT = frozenset(
    {
        FrameType.TRANSCRIPT,
        FrameType.CONVERSATION,
        FrameType.PROCESS_CONVERSATION,
        FrameType.SPEAKER_SAMPLE,
    }
)

_ANSWERS = frozenset({FrameType.PROCESSED, FrameType.ACKNOWLEDGED})


class WireError(ValueError):
    """A frame that cannot be read. Its text says what is wrong; ``code`` is the close code."""

    def __init__(self, text: str, code: int = 1007) -> None:
        super().__init__(text)
        self.code = code


class UnknownTypeError(WireError):
    """A frame of a type that this version does not know. The session goes on without it."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Keeps the load balancer from closing an idle link."""


@dataclass(frozen=True, slots=True)
class Audio:
    """16-bit mono PCM, and the Unix time in seconds at which it starts."""

    started_at: float
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Transcript:
    """Segments of a transcript, and the memory they belong to, if there is one.

    With a ``delivery_id`` (published, later version) it is acknowledged once it was passed on.
    """

    segments: list[dict[str, Any]]
    memory_id: str | None
    delivery_id: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """From here on, audio belongs to this conversation."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class ProcessConversation:
    """Asks for this conversation to be processed; answered by a frame of type 201."""

    conversation_id: str
    language: str


@dataclass(frozen=True, slots=True)
class SpeakerSample:
    """Asks for samples of a person's voice to be cut from a conversation."""

    person_id: str
    conversation_id: str
    segment_ids: list[str]
    delivery_id: str | None = None
    """With one it is acknowledged once it was queued (ours)."""


@dataclass(frozen=True, slots=True)
class Processed:
    """The answer to a :class:`ProcessConversation`: without an error it was a success."""

    conversation_id: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Says what the pusher sees to, whatever becomes of this connection.

    That is one delivery, or the audio up to the frame that starts at ``audio_until`` (Unix time in
    seconds), that frame included: for storage, and not for the audio webhook, whose last piece
    ends with its session.
    """

    delivery_id: str | None = None
    audio_until: float | None = None


Message: TypeAlias = (
    Audio | Heartbeat | Transcript | Conversation | ProcessConversation | SpeakerSample
)
"""What a pusher is sent."""
Answer: TypeAlias = Processed | Acknowledged
"""What it sends."""


def decode(frame: bytes | str) -> Message:
    """Read one frame that a pusher is sent.

    Raises:
        UnknownTypeError: its type is none of 100 to 105.
        WireError: it is text, too short, not UTF-8, not JSON, or JSON of another shape; or it has
            an id that is empty, longer than 128 characters or not printable, or no finite time.
    """
    kind, data = _head(frame)
    if kind == FrameType.AUDIO:
        return _audio(data)
    if kind == FrameType.HEARTBEAT:
        return Heartbeat()
    payload = _text(kind, data, _WITH_TEXT)
    if kind == FrameType.CONVERSATION:
        return Conversation(_id(kind, payload))
    return _json_message(kind, payload)


def encode(message: Message) -> bytes:
    """Write one frame; the inverse of :func:`decode`."""
    match message:
        case Audio(started_at, pcm):
            return _AUDIO_HEAD.pack(FrameType.AUDIO, started_at) + pcm
        case Heartbeat():
            return _TYPE.pack(FrameType.HEARTBEAT)
        case Conversation(conversation_id):
            return _TYPE.pack(FrameType.CONVERSATION) + conversation_id.encode()
        case Transcript(segments, memory_id, delivery_id):
            return _with_json(
                FrameType.TRANSCRIPT,
                segments=segments,
                memory_id=memory_id,
                **_if_any(delivery_id=delivery_id),
            )
        case ProcessConversation(conversation_id, language):
            return _with_json(
                FrameType.PROCESS_CONVERSATION, conversation_id=conversation_id, language=language
            )
        case SpeakerSample(person_id, conversation_id, segment_ids, delivery_id):
            return _with_json(
                FrameType.SPEAKER_SAMPLE,
                person_id=person_id,
                conversation_id=conversation_id,
                segment_ids=segment_ids,
                **_if_any(delivery_id=delivery_id),
            )


def encode_answer(answer: Answer) -> bytes:
    """Write one frame of the pusher's; the inverse of :func:`decode_answer`."""
    match answer:
        case Processed(conversation_id, None):
            return _with_json(FrameType.PROCESSED, conversation_id=conversation_id, success=True)
        case Processed(conversation_id, error):
            return _with_json(FrameType.PROCESSED, conversation_id=conversation_id, error=error)
        case Acknowledged(delivery_id, audio_until):
            fields = _if_any(delivery_id=delivery_id, audio_until=audio_until)
            return _with_json(FrameType.ACKNOWLEDGED, **fields)


def decode_answer(frame: bytes | str) -> Answer:
    """Read one frame of the pusher's.

    Raises:
        UnknownTypeError: its type is neither 201 nor 202.
        WireError: as for :func:`decode`.
    """
    kind, data = _head(frame)
    payload = _text(kind, data, _ANSWERS)
    match kind, _json(kind, payload):
        case FrameType.PROCESSED, {"conversation_id": str(conversation_id), "success": True}:
            return Processed(conversation_id)
        case FrameType.PROCESSED, {"conversation_id": str(conversation_id), "error": str(error)}:
            return Processed(conversation_id, error)
        case FrameType.ACKNOWLEDGED, {"delivery_id": str(delivery_id)}:
            return Acknowledged(delivery_id)
        case FrameType.ACKNOWLEDGED, {"audio_until": float(audio_until)}:
            return Acknowledged(audio_until=audio_until)
    raise WireError(f"type {kind}: JSON of another shape")


def _head(frame: bytes | str) -> tuple[int, bytes]:
    """Return the type, and the whole frame."""
    if isinstance(frame, str):
        raise WireError("text frame: only binary frames are understood", code=1003)
    if len(frame) < _TYPE.size:
        raise WireError(f"frame of {len(frame)} bytes: a type takes {_TYPE.size}")
    (kind,) = _TYPE.unpack_from(frame)
    return kind, frame


def _audio(frame: bytes) -> Audio:
    if len(frame) < _AUDIO_HEAD.size:
        raise WireError(f"type 101: {len(frame)} bytes, its head takes {_AUDIO_HEAD.size}")
    started_at = _AUDIO_HEAD.unpack_from(frame)[1]
    if not math.isfinite(started_at):
        raise WireError(f"type 101: it starts at {started_at}")
    return Audio(started_at, frame[_AUDIO_HEAD.size :])


def _text(kind: int, frame: bytes, known: frozenset[FrameType]) -> str:
    if kind not in known:
        raise UnknownTypeError(f"unknown type {kind}")
    try:
        return frame[_TYPE.size :].decode()
    except UnicodeDecodeError as error:
        raise WireError(f"type {kind}: not UTF-8 at byte {error.start}") from None


def _json(kind: int, payload: str) -> Any:
    try:
        return json.loads(payload, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise WireError(f"type {kind}: not JSON") from None


def _json_message(kind: int, payload: str) -> Message:
    fields = _json(kind, payload)
    match kind, fields:
        case FrameType.TRANSCRIPT, {"segments": list(segments)} if all(
            isinstance(segment, dict) for segment in segments
        ) and not _too_deep(segments):
            memory_id = fields.get("memory_id")
            if memory_id is None or isinstance(memory_id, str):
                return Transcript(segments, memory_id, _delivery_id(kind, fields))
        case FrameType.PROCESS_CONVERSATION, {"conversation_id": str(conversation_id)}:
            language = fields.get("language", "en")
            if isinstance(language, str):
                return ProcessConversation(_id(kind, conversation_id), _id(kind, language))
        case FrameType.SPEAKER_SAMPLE, {
            "person_id": str(person_id),
            "conversation_id": str(conversation_id),
            "segment_ids": list(segment_ids),
        } if all(isinstance(segment_id, str) for segment_id in segment_ids):
            return SpeakerSample(
                _id(kind, person_id),
                _id(kind, conversation_id),
                segment_ids,
                _delivery_id(kind, fields),
            )
    raise WireError(f"type {kind}: JSON of another shape")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(settings.MAX_JSON_DEPTH):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
    return ()


def _delivery_id(kind: int, fields: dict[str, Any]) -> str | None:
    match fields.get("delivery_id"):
        case None:
            return None
        case str(text):
            return _id(kind, text)
    raise WireError(f"type {kind}: JSON of another shape")


def _id(kind: int, text: str) -> str:
    """Return an id as it is, if it is fit for a URL and for one line of a log."""
    if 0 < len(text) <= settings.MAX_ID_LENGTH and text.isprintable():
        return text
    raise WireError(f"type {kind}: an id is empty, too long or not printable")


def _if_any(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _with_json(kind: FrameType, **fields: object) -> bytes:
    return _TYPE.pack(kind) + json.dumps(fields).encode()
