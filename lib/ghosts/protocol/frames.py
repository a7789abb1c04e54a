"""The pusher's wire format: a binary frame is a little-endian uint32 type, then a payload."""

import json
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn, TypeAlias

from ghosts import config
from ghosts.errors import GhostsError

_TYPE = struct.Struct("<I")
_AUDIO_HEAD = struct.Struct("<Id")


class FrameType(IntEnum):
    """The frame types between listen and the pusher (published)."""

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


class FrameError(GhostsError, ValueError):
    """A frame is invalid: its text says why.

    ``code`` is the WebSocket close code that goes with it.
    """

    def __init__(self, text: str, code: int = 1007) -> None:
        super().__init__(text)
        self.code = code


class UnknownFrameTypeError(FrameError):
    """A frame has a type that this version does not know. The session ignores it and continues."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Keeps the load balancer from closing an idle connection."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio, and when it starts."""

    started_at: float
    """Unix time in seconds of the first sample."""
    pcm: bytes
    """16-bit mono PCM."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Segments of a transcript."""

    segments: list[dict[str, Any]]
    memory_id: str | None
    """The memory that they belong to, if there is one."""
    delivery_id: str | None = None
    """With one, the transcript is acknowledged once it was passed on (published, later version)."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The audio that follows belongs to this conversation."""

    conversation_id: str


@dataclass(frozen=True, slots=True)
class ProcessConversation:
    """A request to process a conversation. Its answer is a :class:`Processed`."""

    conversation_id: str
    language: str


@dataclass(frozen=True, slots=True)
class SpeakerSample:
    """A request to extract samples of a person's voice from a conversation."""

    person_id: str
    conversation_id: str
    segment_ids: list[str]
    delivery_id: str | None = None
    """With one, the request is acknowledged once it was queued (ours)."""


@dataclass(frozen=True, slots=True)
class Processed:
    """The answer to a :class:`ProcessConversation`."""

    conversation_id: str
    error: str | None = None
    """What went wrong; None is success."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the pusher will deliver, whether or not this connection stays open.

    Either a delivery, or audio. Acknowledged audio will reach storage; the audio webhook loses the
    last piece of a session.
    """

    delivery_id: str | None = None
    """The delivery that is acknowledged."""
    audio_until: float | None = None
    """Unix time in seconds at which the last frame of the acknowledged audio starts."""


Message: TypeAlias = (
    Audio | Heartbeat | Transcript | Conversation | ProcessConversation | SpeakerSample
)
"""A frame to the pusher."""
Answer: TypeAlias = Processed | Acknowledged
"""A frame from the pusher."""


def decode(frame: bytes | str) -> Message:
    """Decode one frame to the pusher. Malformed network input raises nothing but FrameError.

    Raises:
        UnknownFrameTypeError: the type is not one of 100 to 105.
        FrameError: the frame is text, too short, not UTF-8, not JSON, or JSON of another shape; an
            id is empty, longer than 128 characters or not printable; a number is not finite; or
            segments are nested more than 32 deep.
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
    """Encode one frame to the pusher; the inverse of :func:`decode`."""
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
    """Encode one frame from the pusher; the inverse of :func:`decode_answer`."""
    match answer:
        case Processed(conversation_id, None):
            return _with_json(FrameType.PROCESSED, conversation_id=conversation_id, success=True)
        case Processed(conversation_id, error):
            return _with_json(FrameType.PROCESSED, conversation_id=conversation_id, error=error)
        case Acknowledged(delivery_id, audio_until):
            fields = _if_any(delivery_id=delivery_id, audio_until=audio_until)
            return _with_json(FrameType.ACKNOWLEDGED, **fields)


def decode_answer(frame: bytes | str) -> Answer:
    """Decode one frame from the pusher.

    Raises:
        UnknownFrameTypeError: the type is neither 201 nor 202.
        FrameError: as for :func:`decode`.
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
    raise FrameError(f"type {kind}: JSON of another shape")


def _head(frame: bytes | str) -> tuple[int, bytes]:
    """Return the type of a frame, and the whole frame, which is bytes."""
    if isinstance(frame, str):
        raise FrameError("text frame: only binary frames are understood", code=1003)
    if len(frame) < _TYPE.size:
        raise FrameError(f"frame of {len(frame)} bytes: a type takes {_TYPE.size}")
    (kind,) = _TYPE.unpack_from(frame)
    return kind, frame


def _audio(frame: bytes) -> Audio:
    if len(frame) < _AUDIO_HEAD.size:
        raise FrameError(f"type 101: {len(frame)} bytes, its head takes {_AUDIO_HEAD.size}")
    started_at = _AUDIO_HEAD.unpack_from(frame)[1]
    if not math.isfinite(started_at):
        raise FrameError(f"type 101: it starts at {started_at}")
    return Audio(started_at, frame[_AUDIO_HEAD.size :])


def _text(kind: int, frame: bytes, known: frozenset[FrameType]) -> str:
    if kind not in known:
        raise UnknownFrameTypeError(f"unknown type {kind}")
    try:
        return frame[_TYPE.size :].decode()
    except UnicodeDecodeError as error:
        raise FrameError(f"type {kind}: not UTF-8 at byte {error.start}") from None


def _json(kind: int, payload: str) -> Any:
    try:
        return json.loads(payload, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise FrameError(f"type {kind}: not JSON") from None


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
    raise FrameError(f"type {kind}: JSON of another shape")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(config.MAX_JSON_DEPTH):
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
    raise FrameError(f"type {kind}: JSON of another shape")


def _id(kind: int, text: str) -> str:
    """Return ``text`` if it can be part of a URL and of a log line."""
    if 0 < len(text) <= config.MAX_ID_LENGTH and text.isprintable():
        return text
    raise FrameError(f"type {kind}: an id is empty, too long or not printable")


def _if_any(**fields: object) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _with_json(kind: FrameType, **fields: object) -> bytes:
    return _TYPE.pack(kind) + json.dumps(fields).encode()
