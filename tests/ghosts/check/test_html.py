"""The HTML report: self-contained, readable, and with every measure."""

import re
from html.parser import HTMLParser

import pytest
from contrast import LEAST, contrast
from made_report import GHOST, report, result, usual

from ghosts.check.report.html import as_html, write_html

_VOID = ("meta", "wbr")


class _Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text, self.open = [], "", []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


@pytest.fixture
def page():
    return _Page(as_html(usual()))


def test_it_makes_no_request_and_needs_no_script(page):
    names = {tag for tag, _ in page.elements}
    assert not names & {"script", "link", "img", "iframe", "object"}
    assert not [attrs for _, attrs in page.elements if {"src", "href", "onclick"} & set(attrs)]
    assert not re.search(r"url\(|@import", as_html(usual()))
    assert page.open == []


def test_findings_come_first_with_lines_facts_rule_and_command(page):
    order = ["1. 2 ghosts: storage never answers", "Every cell", "Dependencies", "Notes"]
    places = [page.text.index(text) for text in (*order, "Cells not run")]
    assert places == sorted(places)
    assert 'await post("<storage>" & data)' in page.text
    assert "app.py:12 in <upload>: held here" in page.text
    assert "waits for an answer of storage; its connection has been gone for 239 s" in page.text
    assert "each keeps 123,456 bytes reachable" in page.text
    assert "Rule 3, Bound the drain: docs/rules.md#3-bound-the-drain" in page.text
    assert "kept by app.SESSIONS -> <Session at 0x...>" in page.text
    assert "ghosts check app:app --path '/ws?token=***' --only storage=never" in page.text


def test_text_of_the_service_is_escaped():
    harm = GHOST.chain[1]
    hostile = "<script>alert('x')</script>"
    symptom = result("healthy,close", GHOST, exceptions=[hostile])
    page = as_html(report(symptom))
    assert "<script" not in page
    assert hostile in _Page(page).text
    assert harm.source in _Page(page).text


def test_each_cell_shows_its_worst_and_has_all_measures_in_its_title(page):
    cells = {
        attrs["title"].partition(";")[0]: (attrs["class"], attrs["title"])
        for tag, attrs in page.elements
        if tag == "td" and "title" in attrs
    }
    kind, title = cells["storage=never_answers,close"]
    assert kind == "bad"
    assert "2 ghosts; 0 half-open sessions; 0 orphan tasks; 1 session still in memory" in title
    assert cells["storage=refuses,reset"][0] == "noted"
    assert "unhandled KeyError: <3 at 0x...>" in cells["storage=refuses,reset"][1]
    assert "gauge active: 0 before, 3 with all, 0 at the end" in cells["healthy,stop"][1]
    assert cells["not run"][0] == "empty"
    for shown in ("2 ghosts", "1 cut off", "stops in 77 s", "clean, 0 s", "still connected"):
        assert shown in page.text


def test_modes_have_the_names_of_toxics_beside_them(page):
    words = " ".join(page.text.split())
    assert "never answers timeout" in words
    assert "trickles slicer" in words
    assert "refuses down" in words


def test_headers_of_tables_have_a_scope(page):
    headers = [attrs for tag, attrs in page.elements if tag == "th"]
    assert len(headers) > 10
    assert all(attrs.get("scope") in ("col", "row", "rowgroup") for attrs in headers)


def test_text_has_a_contrast_of_4_5_to_1_on_each_background():
    css = as_html(usual()).partition("</style>")[0]
    inks = set(re.findall(r"(?<!-)\bcolor: (#\w+)", css))
    grounds = set(re.findall(r"background: (#\w+)", css))
    assert {"#222", "#555"} <= inks
    for ground in grounds:
        for ink in inks:
            assert contrast(ink, ground) >= LEAST, (ink, ground)


def test_a_report_without_findings_says_what_was_tried(tmp_path):
    path = tmp_path / "x.html"
    write_html(report(result("healthy,close"), dependencies=(), not_run=()), path)
    page = _Page(path.read_text(encoding="utf-8"))
    assert "Nothing found in 1 cell" in page.text
    assert "Tried: nothing fails; departures: close." in page.text
    assert "The service calls nothing." in page.text
    assert "Findings" not in page.text
