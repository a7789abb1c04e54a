"""Where tables are printed."""

from rich.console import Console


def console_of(width: int) -> Console:
    """Return the terminal; where there is none to ask, it is so many columns wide."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = width
    return console
