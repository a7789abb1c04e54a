"""A stand-in for a Redis server where none is installed: what subscribers and publishers need."""

import asyncio
from collections import defaultdict

subscribers: defaultdict[bytes, set[asyncio.StreamWriter]] = defaultdict(set)


async def redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one client until it closes the connection."""
    try:
        while command := await read_command(reader):
            answer(writer, command)
    finally:
        for channel in subscribers.values():
            channel.discard(writer)


async def read_command(reader: asyncio.StreamReader) -> list[bytes]:
    """Return the words of the next command; none at the end of the connection."""
    line = await reader.readline()
    words = []
    for _ in range(int(line[1:] or 0)):
        length = int((await reader.readline())[1:])
        words.append((await reader.readexactly(length + 2))[:-2])
    return words


def answer(writer: asyncio.StreamWriter, command: list[bytes]) -> None:
    """Write what Redis answers to a command, and deliver what is published."""
    name, *words = command
    match name.upper():
        case b"SUBSCRIBE":
            for channel in words:
                subscribers[channel].add(writer)
                writer.write(pushed(b"subscribe", channel) + b":1\r\n")
        case b"UNSUBSCRIBE":
            for channel in words or list(subscribers):
                subscribers[channel].discard(writer)
                writer.write(pushed(b"unsubscribe", channel) + b":0\r\n")
        case b"PUBLISH":
            channel, message = words
            for subscriber in subscribers[channel]:
                subscriber.write(pushed(b"message", channel) + bulk(message))
            writer.write(b":%d\r\n" % len(subscribers[channel]))
        case b"PING":
            writer.write(b"+PONG\r\n")
        case b"HELLO":
            writer.write(b"%1\r\n" + bulk(b"proto") + b":3\r\n")
        case _:
            writer.write(b"+OK\r\n")


def pushed(*words: bytes) -> bytes:
    """Return the beginning of what is pushed to subscribers, in version 3 of the protocol."""
    return b">3\r\n" + b"".join(map(bulk, words))


def bulk(word: bytes) -> bytes:
    """Return a word as Redis sends it."""
    return b"$%d\r\n%b\r\n" % (len(word), word)
