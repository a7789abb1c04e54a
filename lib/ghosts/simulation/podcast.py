"""A podcast that devices play: synthetic speech, with every word encoded in its lowest bits.

It has as many segments, words and seconds as the one that the fix was tested with (omi#7283). The
words are drawn from a list at random. Speech-to-text reads the number of each word from the lowest
bits of 16 samples: so a lost sample is a lost word, and no word can arrive that was not sent.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, Final

SEGMENTS: Final = 107
WORDS: Final = 1911
SECONDS: Final = 279
SPEAKERS: Final = ("speaker-0", "speaker-1")
_MARK: Final = 16
"""Samples, and bits, of a word's mark."""
_PAUSE: Final = 0.4
"""Seconds between two segments."""
_VOICES: Final = (110.0, 185.0)
"""Hz, of the two speakers."""
_SYLLABLES: Final = 4.0
"""Per second."""
_LOUDNESS: Final = 6000.0
_TEXT: Final = """
a an and as at because but by every for from how if in it its just like more never no not of on one
only or so some than that the then there they this to until was we well when which who why with you
async await awaits awaited buffer bytes cancel cancelled chunk client clock close closed connection
count counts dashboard deadline deploy disconnect drain event finally finished future gather gauge
ghost ghosts handler hang hangs happened heartbeat hold holds kernel kept leak leaves loop loops
lost memory metric minute morning nobody notice opinion pager process production pusher queue quiet
read real reason request restart retry returned running second seconds service session shutdown
silence sleeps socket started stays stuck supervisor task tasks thread threads time timeout truth
upload wait waiting waits watch
"""
_VOCABULARY: Final = tuple(_TEXT.split())


@cache
def _numpy() -> Any:
    """Import NumPy only where it is used.

    NumPy starts threads. One of them would receive the interrupt that a command's main thread
    blocks while it starts its replays (test_ctrl_c_ends_everything_at_once_and_in_one_line).
    """
    import numpy as np

    return np


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its number, its segment, and the second at which it starts."""

    number: int
    text: str
    segment: int
    start: float


@cache
def words() -> tuple[Word, ...]:
    """Return all words of the podcast, in order."""
    chance = random.Random("podcast")
    borders = sorted(chance.sample(range(1, WORDS), SEGMENTS - 1))
    seconds = (SECONDS - SEGMENTS * _PAUSE) / WORDS
    said: list[Word] = []
    for segment, (first, end) in enumerate(zip([0, *borders], [*borders, WORDS], strict=True)):
        for number in range(first, end):
            start = number * seconds + segment * _PAUSE
            said.append(Word(number, chance.choice(_VOCABULARY), segment, round(start, 3)))
    return tuple(said)


@cache
def pcm(rate: int) -> bytes:
    """Return the whole podcast as 16-bit mono PCM at ``rate`` Hz, a multiple of 80."""
    np = _numpy()
    samples = np.zeros(SECONDS * rate, "<i2")
    for segment, said in groupby(words(), lambda word: word.segment):
        starts = [word.start for word in said]
        spoken = slice(int(starts[0] * rate), int((starts[-1] + _PAUSE / 2) * rate))
        time = np.arange(spoken.start, spoken.stop) / rate
        samples[spoken] = _voice(_VOICES[segment % len(_VOICES)], time, rate)[
            : len(samples[spoken])
        ]
    marked: bytes = _marked(samples, rate).tobytes()
    return marked


def _voice(pitch: float, time: Any, rate: int) -> Any:
    """Return three harmonics of a pitch in Hz, whose loudness changes with the syllables."""
    np = _numpy()
    harmonics = [number for number in (1, 2, 3) if number * pitch < rate / 2]
    waves = [np.sin(2 * np.pi * number * pitch * time) / number for number in harmonics]
    return _LOUDNESS * sum(waves) * (0.6 + 0.4 * np.sin(2 * np.pi * _SYLLABLES * time))


def part(start: int, seconds: int, rate: int) -> bytes:
    """Return ``seconds`` of PCM from second ``start`` on, silent after the end of the podcast."""
    whole = pcm(rate)[start * rate * 2 : (start + seconds) * rate * 2]
    return whole.ljust(seconds * rate * 2, b"\0")


def words_in(start: int, seconds: int) -> int:
    """Return the number of words that start in ``seconds`` from second ``start`` on."""
    return sum(start <= word.start < start + seconds for word in words())


def words_arrived(received: Iterable[tuple[str, list[dict[str, Any]]]]) -> Counter[str]:
    """Return the number of words received per user; a word received twice counts once."""
    pieces = {
        (uid, segment["id"], segment["start"]): segment["text"]
        for uid, segments in received
        for segment in segments
    }
    words_of: Counter[str] = Counter()
    for (uid, *_), text in pieces.items():
        words_of[uid] += len(text.split())
    return words_of


def transcribe(audio: bytes) -> list[dict[str, Any]]:
    """Return the transcript segments of PCM audio that was cut from the podcast between two marks.

    The sample rate does not matter. Pieces of one segment have the same id, each its own start.
    """
    np = _numpy()
    whole = len(audio) // (2 * _MARK) * _MARK
    lowest = (np.frombuffer(audio, "<i2", whole) & 1).astype(np.uint8)
    numbers = np.packbits(lowest.reshape(-1, _MARK), axis=1).view(">u2").ravel()
    recognised = [words()[number - 1] for number in numbers[numbers > 0] if number <= WORDS]
    return [_segment(list(said)) for _, said in groupby(recognised, lambda word: word.segment)]


def _segment(said: list[Word]) -> dict[str, Any]:
    segment = said[0].segment
    return {
        "id": f"segment-{segment:03}",
        "speaker": SPEAKERS[segment % len(SPEAKERS)],
        "text": " ".join(word.text for word in said),
        "start": said[0].start,
        "end": said[-1].start,
    }


def _marked(samples: Any, rate: int) -> Any:
    """Write the number of each word, counted from 1, into the lowest bits at its start."""
    np = _numpy()
    marked = samples & ~np.int16(1)
    for word in words():
        at = int(word.start * rate) // _MARK * _MARK
        bits = np.unpackbits(np.array([word.number + 1], ">u2").view(np.uint8))
        marked[at : at + _MARK] |= bits
    return marked
