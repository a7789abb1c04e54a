"""The postmortem of this project's incident, in both of its renderings."""

import base64
import csv
import re
from io import BytesIO

import matplotlib.image
import pytest
from pages import Page, read_markdown

from ghosts import evidence
from ghosts.experiments import read_outcomes
from ghosts.paths import DATA
from ghosts.postmortem import compose, load_incident, recordings_of, write_postmortem
from ghosts.postmortem.figures import REPLAYED

SECTIONS = [
    "Summary",
    "Impact",
    "Timeline",
    "Detection and durations",
    "Trigger",
    "Root cause",
    "Contributing factors",
    "Resolution",
    "What went well",
    "What did not go well",
    "Where we were lucky",
    "Action items",
    "Lessons",
    "What is not known",
    "What the replays show",
    "Figures and their sources",
    "How this was made",
]


@pytest.fixture(scope="module")
def postmortem():
    incident = load_incident()
    return compose(incident, recordings_of(incident))


@pytest.fixture(scope="module")
def folder(postmortem, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    write_postmortem(postmortem, folder / "postmortem.html", folder / "postmortem.md")
    return folder


@pytest.fixture(scope="module")
def html(folder):
    return (folder / "postmortem.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def markdown(folder):
    return read_markdown(folder / "postmortem.md")


def _row(postmortem, what):
    """The effect of the action item whose text starts so: figures by name, before and after."""
    pairs = zip(postmortem.incident.actions, postmortem.effects, strict=True)
    (effect,) = (effect for action, effect in pairs if action.what.startswith(what))
    return {one.what: (one.before, one.after) for one in effect.figures}


def test_both_renderings_have_every_section_and_say_the_same_words(page, markdown):
    assert page.headings == markdown.headings == SECTIONS
    assert page.words.split() == markdown.words.split()
    assert page.links == markdown.links
    assert page.tables == markdown.tables


def test_nothing_is_left_to_be_filled(postmortem, page):
    assert postmortem.open_parts == []
    assert "To be filled" not in page.words


def test_both_have_the_same_pictures_each_with_an_alternative_text(folder, page, markdown):
    assert [one["alt"] for one in page.images] == [one["alt"] for one in markdown.images]
    assert len(page.images) == 2
    for inline, beside in zip(page.images, markdown.images, strict=True):
        assert len(inline["alt"]) > 80
        png = base64.b64decode(inline["src"].removeprefix("data:image/png;base64,"))
        assert png == (folder / beside["src"]).read_bytes()
        height, width, _ = matplotlib.image.imread(BytesIO(png), format="png").shape
        assert width == 1200
        assert height <= 700


def test_the_page_loads_nothing_and_its_links_lead_to_the_record_or_to_its_own_figures(html, page):
    assert not re.search(r"<script|<link|<iframe|url\(|@import", html)
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.targets
        else:
            assert link.startswith("https://github.com/BasedHardware/omi/")


def test_every_figure_in_the_text_is_in_the_table_of_figures_with_its_kind(html, postmortem, page):
    cited = set(re.findall(r'data-figure="([^"]+)"', html))
    assert len(cited) > 30
    kinds = {*evidence.Kind, REPLAYED}
    for name in cited:
        value, kind, _, source = page.table("figure")[name]
        assert kind in kinds
        assert source
        assert value in page.words


def test_figures_are_those_of_the_evidence(page):
    for name in ("memory_per_ghost", "fleet_ghosts", "running_pods", "largest_pod_before_fix"):
        one = evidence.fact(name)
        value, kind, date, source = page.table("figure")[name]
        assert value == f"{one.value:,.12g} {one.unit}"
        assert (kind, date, source) == (one.kind, f"{one.date}", one.source)
    assert page.table("figure")["mhjxw.ghosts"][:2] == ["194 ghosts", "derived"]
    assert page.table("figure")["pods of 2026-04-28.gauge"][:2] == ["564 connections", "measured"]


def test_what_a_derived_figure_is_derived_from_is_in_the_table(page):
    figures = page.table("figure")
    formula = figures["fleet_ghosts"][3]
    for name in ("memory_mean", "memory_baseline", "memory_per_ghost"):
        assert name in formula
        assert name in figures


def test_what_is_known_of_the_impact_stands_beside_what_is_not(page):
    known, unknown = page.table("impact on")["users"]
    assert (known, "How many" in unknown) == ("nothing", True)
    known, unknown = page.table("impact on")["memory"]
    assert "3,338 MiB (stated, omi#7283 comment after the deploy)" in known
    assert unknown


def test_the_timeline_has_every_entry_of_the_record_between_its_first_and_its_last(page):
    with (DATA / "timeline.csv").open(encoding="utf-8", newline="") as file:
        entries = [
            row for row in csv.DictReader(file) if "2026-01-18" <= row["date"] <= "2026-06-02"
        ]
    (table,) = (rows for rows in page.tables if rows[0][0] == "UTC")
    seen = [(day, event, kind, source) for day, event, _, kind, source in table[1:]]
    for row in entries:
        assert (row["date"], row["event"], row["kind"], row["source"]) in seen
    days = [day for day, *_ in seen]
    assert days == sorted(days)
    assert len(days) == len(entries)


def test_durations_are_days_between_entries_and_an_unknown_one_is_called_unknown(page):
    took = page.table("duration")
    assert took["time to detect"][:3] == ["100 days", "derived", "first sign to detected"]
    assert took["time to find the cause"][0] == "15 days"
    assert took["time to fix"][0] == "21 days"
    assert took["time to mitigate"][:2] == ["not known", ""]


def test_the_await_chain_leads_from_gather_to_the_upload_that_never_returns(postmortem, page):
    functions = [frame.function for frame in postmortem.chain.frames]
    assert functions.index("gather_all") < functions.index("PrivateCloud.upload_queued")
    assert functions[-1] == "UploadPool.run"
    assert not [one for one in functions if one in ("tracked", "protocol_handler")]
    for line in f"{postmortem.chain}".splitlines():
        assert line in page.words


def test_the_effects_of_action_items_are_those_of_their_runs(postmortem):
    outcomes = {(one.scenario, one.variant, one.change): one for one in read_outcomes()}
    deadlines = outcomes["production", "gather_all", "deadlines"]
    recordings = {one.variant: one for one in recordings_of(postmortem.incident)}
    before, after = recordings["gather_all"].last, recordings["supervised"].last
    bound = _row(postmortem, "Bound the wait")
    assert bound["ghosts"] == (f"{before.ghosts}", f"{after.ghosts}") == ("194", "0")
    assert bound["blocked upload workers"] == ("16 of 16", "16 of 16")
    assert bound["audio lost"][1].endswith("(68 %)")
    assert _row(postmortem, "Keep audio")["audio lost"][1] == "0.0 MiB (0 %)"
    assert _row(postmortem, "Give every call")["ghosts"] == ("194", f"{deadlines.ghosts}")
    assert _row(postmortem, "Enlarge")["ghosts"] == ("194", "59")


def test_the_alert_fires_early_under_the_incident_and_never_under_the_fix(postmortem):
    fires = _row(postmortem, "Alert when")
    assert fires["the alert fires"][1] == "minute 36 of 190"
    assert fires["ghosts"] == ("194 at the end", "8 when it fires")
    assert _row(postmortem, "Compare gauge")["the alert fires"][1] == "never in 190 minutes"


def test_the_autoscaler_the_probe_and_the_matrix_have_runs_that_show_them(postmortem):
    assert _row(postmortem, "Let the autoscaler")["pods desired at most"] == ("40", "20")
    assert _row(postmortem, "Search memory")["found"] == ("0 MB", "6 MB")
    leaves = _row(postmortem, "Run every lifecycle")["faults that leave ghosts"]
    assert leaves[0] != "0 of 22"
    assert leaves[1] == "0 of 22"


def test_every_action_item_has_a_command_that_runs_it_again(postmortem):
    for effect in postmortem.effects:
        assert re.match(r"ghosts \w+ |make \w+|python tools/\w+", effect.command)
