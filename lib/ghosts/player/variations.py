"""Stored replays of one scenario, each with other parameters: a choice where there is no kernel."""

import lzma
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from ghosts.paths import DATA
from ghosts.player.parameters import Parameters
from ghosts.records.recording import Recording

STORED: Final = DATA / "recordings" / "variations.json.xz"
"""Written by tools/record_variations.py. The first has the incident's parameters."""


@dataclass(frozen=True, slots=True)
class Variation:
    """A recording, and the parameters that it was made with."""

    parameters: Parameters
    recording: Recording


@cache
def stored_variations(path: Path = STORED) -> tuple[Variation, ...]:
    """Return the stored replays, one for each combination of the stored parameters."""
    return _ADAPTER.validate_json(lzma.decompress(path.read_bytes()))


def store(variations: Iterable[Variation], path: Path = STORED) -> None:
    """Write replays to a file: JSON, compressed."""
    path.write_bytes(lzma.compress(_ADAPTER.dump_json(tuple(variations)), preset=9))


_ADAPTER = TypeAdapter(tuple[Variation, ...])
