"""Where tables are printed."""

from rich.console import Console


def console_of(width: int) -> Console:
    """Return the terminal; without one, a console that is ``width`` columns wide."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = width
    return console
