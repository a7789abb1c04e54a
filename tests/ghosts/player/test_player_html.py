"""The player in a page loads nothing, and holds the data of its recordings."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ghosts.paths import DATA
from ghosts.player.data import player_data, runs_of
from ghosts.player.html import player_html, stored_runs_html
from ghosts.player.variations import stored_variations
from ghosts.records.recording import Recording


class Part(HTMLParser):
    """The tags of a part of a page, and the text of each script by its type."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.scripts, self._script = [], {}, None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._script = dict(attributes)["type"] if tag == "script" else None

    def handle_endtag(self, tag):
        self._script = None

    def handle_data(self, data):
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data


@pytest.fixture(scope="module")
def recording():
    return Recording.load(DATA / "recordings" / "outage_gather_all.json")


def test_nothing_is_loaded(recording):
    html = player_html([recording]) + stored_runs_html(stored_variations()[:1])
    part = Part(html)
    attributes = {name for _, each in part.tags for name in each}
    assert not attributes & {"src", "href", "srcset", "action"}
    # The one address is the name of SVG's and HTML's elements, which nothing fetches.
    addresses = set(re.findall(r"https?://[^\"'\s]+", html))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
    script = part.scripts["module"]
    assert not re.search(r"\bimport\b|\bfetch\b|XMLHttpRequest|@import|WebSocket", script)


def test_the_data_are_those_of_the_recordings_whatever_their_names(recording):
    odd = replace(recording, variant="<script>")
    part = Part(player_html([odd]))
    data = json.loads(part.scripts["application/json"])
    assert data == json.loads(json.dumps(player_data(runs_of([odd]))))
    assert data["runs"][0]["name"] == "<script>"
