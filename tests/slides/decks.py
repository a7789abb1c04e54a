"""The decks as `make slides` builds them, and as quickly as a test of their words needs them."""

from build_slides import NOTEBOOKS, SOURCE
from slides.cells import Drawing, Notebooks
from slides.page import Deck
from slides.source import Picture, read_source

from ghosts.plots.style import figure


class Undrawn(Notebooks):
    """Shows empty axes for each picture: to draw the real ones takes seconds."""

    def draw(self, picture: Picture) -> Drawing:
        """Return a figure with empty axes, having looked up the cells."""
        for cell in picture.cells:
            self.cell(cell)
        return Drawing(figure(height=1)[0], "empty axes")


def whole_deck() -> Deck:
    """Return the deck as it is built."""
    return Deck(read_source(SOURCE), Notebooks(NOTEBOOKS))
