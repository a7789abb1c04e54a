"""The player as a part of a page that needs no kernel and loads nothing."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from ghosts.player.data import player_data, runs_of
from ghosts.records.recording import Recording

_HERE: Final = Path(__file__).parent
SCRIPT: Final = (_HERE / "player.js").read_text(encoding="utf-8")
STYLE: Final = (_HERE / "player.css").read_text(encoding="utf-8")
_PART: Final = """\
<style>
{style}</style>
<div id="ghosts-player"><noscript>The player needs JavaScript.</noscript></div>
<script type="application/json" id="ghosts-player-data">{data}</script>
<script type="module">
{script}
const place = document.getElementById("ghosts-player");
mount(place, JSON.parse(document.getElementById("ghosts-player-data").textContent));
</script>
"""


def player_html(recordings: Sequence[Recording]) -> Markup:
    """Return the player of recordings of one scale: style, data and script, all of them inline.

    Raises:
        ValueError: the recordings are not of one scale.
    """
    data = json.dumps(player_data(runs_of(recordings)), separators=(",", ":"))
    # A name of a scenario or variant must not end the element that the data are in.
    return Markup(_PART.format(style=STYLE, data=data.replace("<", r"\u003c"), script=SCRIPT))
