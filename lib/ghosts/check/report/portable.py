"""Texts that do not depend on the machine or the run: for files that are compared or shared."""

import re
from pathlib import Path
from typing import Final

_MEMORY_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]{4,}\b")
_CHOSEN_PORT: Final = re.compile(r"(127(?:\.\d+){3}|localhost|::1)('?(?::|, ?))(\d{4,5})\b")
_FIRST_CHOSEN: Final = 10_000
"""Ports from here on are taken for those that the system chooses, as it does for stand-ins."""


def portable(text: str) -> str:
    """Return a text without memory addresses, chosen ports and the folders of this machine."""
    for folder in (Path.cwd(), Path.home()):
        if folder != folder.parent:
            text = text.replace(f"{folder}/", "")
    text = _MEMORY_ADDRESS.sub("0x...", text)
    return _CHOSEN_PORT.sub(_without_port, text)


def _without_port(match: re.Match[str]) -> str:
    host, separator, port = match.groups()
    return f"{host}{separator}{'PORT' if int(port) >= _FIRST_CHOSEN else port}"
