"""The report: one file that needs nothing else, and says what the recordings say."""

import base64
import json
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import matplotlib.image
import pytest
from made_up_listen import DEAF, deaf, healthy, through_listen

from ghosts.paths import DATA
from ghosts.records.recording import FORMAT, Recording
from ghosts.records.scenario import TENTH, load_scenario, parse_scenario
from ghosts.report.html import finding, scenario_in_words, write_report

MIB = 2**20


class Page(HTMLParser):
    """What is in a page: tags with their attributes, table rows, and text by tag."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.rows, self.text = [], [], {}
        self._open = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("img", "meta"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        for tag in set(self._open):
            self.text[tag] = self.text.get(tag, "") + data
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def before():
    return Recording.load(DATA / "recordings" / "production_full_gather_all.json")


@pytest.fixture(scope="module")
def after():
    return Recording.load(DATA / "recordings" / "production_full_supervised.json")


@pytest.fixture(scope="module")
def html(before, after, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report([before, after], path)
    return path.read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere_nor_allowed_to_be(html):
    tags = Page(html).tags
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in tags}
    (policy,) = (each["content"] for _, each in tags if "http-equiv" in each)
    assert policy.startswith("default-src 'none'; img-src data:;")
    loaded = [
        value
        for _, attributes in tags
        for key, value in attributes.items()
        if key in ("src", "href", "srcset", "style") or key.startswith("on")
    ]
    assert len(loaded) == 3
    assert all(value.startswith("data:image/png;base64,") for value in loaded)
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/)", html)


def test_every_picture_is_there_and_is_described(html):
    images = [attributes for tag, attributes in Page(html).tags if tag == "img"]
    for image in images:
        png = base64.b64decode(image["src"].partition(",")[2])
        assert matplotlib.image.imread(BytesIO(png), format="png").std() > 0.01
        assert "gather_all and supervised" in image["alt"]


def test_the_table_holds_the_numbers_of_the_recordings_and_of_production(html, before, after):
    rows = {row[0]: row[1:] for row in Page(html).rows}
    both = (before, after)
    assert rows["gauge"][:3] == [*(f"{each.last.gauge}" for each in both), "216"]
    assert rows["TCP connections"][:3] == [*(f"{each.last.tcp}" for each in both), "22"]
    assert rows["ghosts"][:3] == [*(f"{each.last.ghosts}" for each in both), "194"]
    assert rows["ghosts"][3].startswith("omi#")
    assert _mib(rows["memory held by ghosts"]) == [
        pytest.approx(each.last.retained_bytes / MIB, abs=0.06) for each in both
    ]
    for name in ("received", "stored", "lost"):
        assert _mib(rows[f"audio {name}"]) == [
            pytest.approx(getattr(each.audio, name) / MIB, abs=0.06) for each in both
        ]
    assert rows["memory per ghost"][2:] == ["about 15 MiB", "omi#7071, stated"]


def test_the_player_is_in_it_with_every_recording(html, before, after):
    (data,) = re.findall(r'<script type="application/json" id="ghosts-player-data">(.*?)</', html)
    runs = json.loads(data)["runs"]
    assert [run["name"] for run in runs] == ["gather_all", "supervised"]
    for run, recording in zip(runs, (before, after), strict=True):
        assert run["samples"]["gauge"] == [sample.gauge for sample in recording.samples]


def test_stored_runs_are_beside_the_incident_alone(html, before, after, tmp_path):
    assert Page(html).text["h2"].count("stored runs") == 1
    assert "were made on 2026-" in Page(html).text["p"]
    mine = replace(before, scenario=replace(before.scenario, duration=20_000))
    for other in (after, mine):
        write_report([other], tmp_path / "report.html")
        page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
        assert "stored runs" not in page.text["h2"]
        assert "open notebooks/12_scrub.ipynb with make lab" in page.text["p"]


def test_the_findings_come_first(html, before):
    text = Page(html).text["p"]
    assert html.index('class="finding"') < html.index("<img") < html.index("<table")
    assert f"the gauge says {before.last.gauge}" in text
    assert f"{before.last.ghosts} sessions are ghosts" in text


def test_a_finding_counts_one_of_a_kind_in_the_singular(before):
    last = replace(before.last, gauge=2, tcp=1, ghosts=1, orphans=1)
    text = finding(replace(before, samples=(last,)))
    assert "1 TCP connection, and 1 session is a ghost that retains" in text
    assert "1 task has outlived the session" in text


def test_the_parameters_are_the_scenario_as_toml(html, before):
    assert parse_scenario(tomllib.loads(Page(html).text["pre"]), "report") == before.scenario


def test_it_says_with_what_it_was_made_when_and_where(html, before):
    (made,) = (row for row in Page(html).rows if row[0] == "production, gather_all")
    versions = ", ".join(f"{name} {version}" for name, version in before.versions.items())
    assert made[1:] == [before.made_at, before.made_on, "1.0", f"{FORMAT}", versions]


def test_one_recording_is_enough_and_a_tenth_is_called_a_tenth(before, tmp_path):
    scenario = before.scenario.at_scale(TENTH)
    write_report([replace(before, scenario=scenario, scale=TENTH)], tmp_path / "one.html")
    page = Page((tmp_path / "one.html").read_text(encoding="utf-8"))
    rows = {row[0]: row[1:] for row in page.rows}
    assert rows["gauge"][:2] == ["216", "216"]
    assert "a tenth of production's audio bytes" in page.text["li"]
    assert "memory per ghost, scaled up (times 10)" in rows


def test_production_is_beside_its_own_scenario_alone(before, tmp_path):
    mine = replace(before, scenario=replace(before.scenario, duration=20_000))
    for others in ([mine], [before, mine]):
        write_report(others, tmp_path / "report.html")
        page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
        rows = {row[0]: row[1:] for row in page.rows}
        assert rows["gauge"] == ["216"] * len(others)
        assert not {"source"} & {cell for row in page.rows for cell in row}
        assert "omi#" not in "".join(page.text.values())


def test_what_gauge_and_tcp_do_not_show_is_said_and_is_in_the_table(before, tmp_path):
    last = replace(before.last, half_open=20, not_reading=1, write_buffer_bytes=2048)
    write_report([replace(before, samples=(before.samples[0], last))], tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    rows = {row[0]: row[1] for row in page.rows}
    assert rows["half-open connections, at the end and most"] == "20, 20"
    assert rows["devices that do not read, at the end and most"] == "1, 1"
    assert rows["in write buffers, at the end and most"] == "2.0 KiB, 2.0 KiB"
    assert "20 of the 22 TCP connections are half-open" in page.text["p"]
    assert "1 of the 22 TCP connections is to a device that has stopped reading" in page.text["p"]
    assert "half-open" not in finding(before)


def test_pings_and_readers_are_said_in_words():
    half_open, readers = map(load_scenario, ("half_open", "readers"))
    assert "The services send no pings" in "".join(scenario_in_words(half_open))
    said = "".join(scenario_in_words(readers))
    assert "3 devices, small, stop reading after 60 s, have room for 2,048 bytes unread" in said
    assert "3 devices, listening, only listen: arrive" in said
    assert "pings" not in said
    patient = replace(readers, ping_interval=5.0, ping_timeout="off")
    assert "a ping every 5 s, and pings need not be" in "".join(scenario_in_words(patient))


def test_what_a_scenario_says_is_shown_and_not_obeyed(before, tmp_path):
    summary = "<script>alert(1)</script>"
    hostile = replace(before, scenario=replace(before.scenario, summary=summary))
    write_report([hostile], tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert [each.get("type") for each in scripts] == ["application/json", "module"]
    assert summary in page.text["p"]


def _mib(cells):
    return [float(cell.removesuffix(" MiB").replace(",", "")) for cell in cells[:2]]


@pytest.mark.slow
def test_devices_that_came_through_listen_are_told_of_with_both_services(tmp_path):
    recordings = [
        through_listen("gather_all", deaf, DEAF),
        through_listen("supervised", healthy, DEAF),
    ]
    restarted = replace(recordings[0].scenario, pusher_restarts_at=(100,))
    recordings = [replace(each, scenario=restarted) for each in recordings]
    write_report(recordings, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    rows = {row[0]: row[1:3] for row in Page(html).rows}
    assert rows["listen: gauge"] == [f"{each.last.listen.gauge}" for each in recordings]
    assert rows["listen: ghosts"] == ["5", "0"]
    assert "listen&#39;s gauge says 6, the operating system has 1 TCP connection, and" in html
    assert "They come through listen" in html
    assert "The pusher is restarted at 100 s." in html
