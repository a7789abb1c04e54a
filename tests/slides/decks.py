"""The decks as `make slides` builds them."""

from build_slides import NOTEBOOKS, SOURCE
from slides.cells import Drawing, Notebooks
from slides.page import Deck
from slides.source import Picture, read_source

from ghosts.plots.style import figure


class WithoutReplays(Notebooks):
    """Draws an empty figure where a cell replays a scenario, which takes seconds."""

    def draw(self, picture: Picture) -> Drawing:
        """Return the picture; of a replay, axes only."""
        if any("replay(" in self.cell(cell).source for cell in picture.cells):
            return Drawing(figure(height=picture.height)[0], "axes only")
        return super().draw(picture)


def quick_deck() -> Deck:
    """Return the deck with every picture that needs no replay."""
    return Deck(read_source(SOURCE), WithoutReplays(NOTEBOOKS))


def whole_deck() -> Deck:
    """Return the deck as it is built."""
    return Deck(read_source(SOURCE), Notebooks(NOTEBOOKS))
