"""The type of the fixture that writes files."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Write: TypeAlias = Callable[..., Path]
