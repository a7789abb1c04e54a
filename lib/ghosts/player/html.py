"""The player as a part of a page that needs no kernel and loads nothing."""

import base64
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from ghosts.player.choices import choices_data
from ghosts.player.data import Json, player_data, runs_of
from ghosts.player.variations import Variation
from ghosts.records.recording import Recording

_HERE: Final = Path(__file__).parent
SCRIPT: Final = "".join(
    (_HERE / name).read_text(encoding="utf-8") for name in ("words.js", "picture.js", "player.js")
)
"""One script, since a page that is a file can import none. Its last part is the player."""
STYLE: Final = (_HERE / "player.css").read_text(encoding="utf-8")
_PAGE: Final = (_HERE / "page.js").read_text(encoding="utf-8")
_PART: Final = """\
<style>
{style}</style>
<div id="ghosts-player"><noscript>The player needs JavaScript.</noscript></div>
<script type="application/json" id="ghosts-player-data">{data}</script>
<script type="module">
{script}
{page}</script>
"""
_STORED: Final = """\
<div id="ghosts-stored-runs"><noscript>The stored runs need JavaScript.</noscript></div>
<script type="application/gzip" id="ghosts-stored-runs-data">{data}</script>
"""


def player_html(recordings: Sequence[Recording]) -> Markup:
    """Return the player of recordings of one scale: style, data and script, all of them inline.

    Raises:
        ValueError: the recordings are not of one scale.
    """
    # A name of a scenario or variant must not end the element that the data are in.
    data = _dumps(player_data(runs_of(recordings))).replace("<", r"\u003c")
    return Markup(_PART.format(style=STYLE, data=data, script=SCRIPT, page=_PAGE))


def stored_runs_html(variations: Sequence[Variation]) -> Markup:
    """Return the player of stored replays, for a page that has `player_html` as well."""
    data = gzip.compress(_dumps(choices_data(variations)).encode(), mtime=0)
    return Markup(_STORED.format(data=base64.b64encode(data).decode()))


def _dumps(data: Json) -> str:
    return json.dumps(data, separators=(",", ":"))
