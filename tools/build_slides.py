"""Build the decks of both talks from the notebooks: build/slides/20_minutes.html, 45_minutes.html.

python tools/build_slides.py
"""

import sys
from pathlib import Path
from typing import Final

from slides.cells import Notebooks
from slides.page import Deck
from slides.source import TALKS, SlidesError, read_source

ROOT: Final = Path(__file__).resolve().parents[1]
NOTEBOOKS: Final = ROOT / "notebooks"
SOURCE: Final = NOTEBOOKS / "slides.toml"
BUILD: Final = ROOT / "build" / "slides"


def main() -> int:
    """Write the decks and say where they are; return 1 if they cannot be made."""
    try:
        deck = Deck(read_source(SOURCE), Notebooks(NOTEBOOKS))
    except SlidesError as error:
        print(f"make slides: {error}", file=sys.stderr)
        return 1
    BUILD.mkdir(parents=True, exist_ok=True)
    for talk in TALKS:
        path = BUILD / f"{talk}_minutes.html"
        path.write_text(deck.page(talk), encoding="utf-8")
        print(path.relative_to(ROOT))
    print("Open one in a browser, without a network: S opens the notes and the clock.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
