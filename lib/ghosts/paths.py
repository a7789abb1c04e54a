"""The location of the data files."""

from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).resolve().parents[2] / "data"
"""The folder ``data/`` of the checkout that this package is installed from."""
