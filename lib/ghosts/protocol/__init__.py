"""The wire format of both services: paths, handshake, frames, and messages to a device."""

from typing import Final

from ghosts.protocol.frames import (
    Acknowledged,
    Answer,
    Audio,
    Conversation,
    FrameError,
    FrameType,
    Heartbeat,
    Message,
    ProcessConversation,
    Processed,
    SpeakerSample,
    Transcript,
    UnknownFrameTypeError,
    decode,
    decode_answer,
    encode,
    encode_answer,
)
from ghosts.protocol.handshake import Handshake, read_handshake

PUSHER_PATH: Final = "/v1/trigger/listen"
"""The path on which the pusher accepts connections."""
LISTEN_PATH: Final = "/v4/listen"
"""The path on which listen accepts connections of devices."""

__all__ = [
    "LISTEN_PATH",
    "PUSHER_PATH",
    "Acknowledged",
    "Answer",
    "Audio",
    "Conversation",
    "FrameError",
    "FrameType",
    "Handshake",
    "Heartbeat",
    "Message",
    "ProcessConversation",
    "Processed",
    "SpeakerSample",
    "Transcript",
    "UnknownFrameTypeError",
    "decode",
    "decode_answer",
    "encode",
    "encode_answer",
    "read_handshake",
]
