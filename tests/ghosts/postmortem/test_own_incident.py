"""A postmortem of somebody's own incident: from their file, their scenario and their recordings."""

import pytest
from made_up_incident import INCIDENT, recordings, write_in
from pages import Page, read_markdown
from pictures import title

from ghosts.postmortem import compose, load_incident, recordings_of, write_postmortem
from ghosts.postmortem.chain import await_chain
from ghosts.records.scenario import load_scenario
from ghosts.replay.run import replay


@pytest.fixture
def written(tmp_path):
    """Return a function that writes the postmortem of a file; and what it says, twice."""

    def write(text=INCIDENT):
        path, *given = write_in(tmp_path, text)
        incident = load_incident(path)
        postmortem = compose(incident, recordings_of(incident, given))
        write_postmortem(postmortem, tmp_path / "page.html", tmp_path / "page.md")
        html = (tmp_path / "page.html").read_text(encoding="utf-8")
        return postmortem, Page(html), read_markdown(tmp_path / "page.md")

    return write


def test_its_figures_have_their_kind_and_source_in_both_renderings(written):
    _, page, markdown = written()
    for words in (" ".join(page.words.split()), " ".join(markdown.words.split())):
        assert (
            "1,200 errors (measured, https://example.org/dashboard/1) on 2026-11-03 14:05 "
            "(measured, the pager); 8 ghosts (replayed) until 2026-11-04 (stated, the timeline), "
            "1 day (derived) later, see omi#7283."
        ) in words
    assert "https://example.org/dashboard/1" in page.links
    assert page.words.split() == markdown.words.split()
    assert page.tables == markdown.tables


def test_its_text_is_text_and_no_markup(written):
    _, page, markdown = written()
    said = "The upload has no | time limit, *none* at <all> a|b {c}"
    assert page.table("factor")["no deadline"][0] == said
    assert markdown.table("factor")["no deadline"][0] == said


def test_its_await_chain_and_effects_are_those_of_its_own_scenario(written):
    postmortem, page, _ = written()
    assert postmortem.chain.scenario == "mine"
    assert postmortem.chain.ghosts == 8
    effect = page.table("action item")["Give the upload a deadline"][2]
    assert "ghosts: 8 \N{RIGHTWARDS ARROW} 0" in effect
    assert "ghosts replay --scenario" in page.table("action item")["Give the upload a deadline"][3]


def test_what_is_missing_is_marked_on_the_page_and_listed(written):
    postmortem, page, markdown = written()
    listed = postmortem.open_parts
    for part in (
        "Impact: the impact: on users, on data, on the service, on cost",
        "Action items: the run that shows the effect of 'Alert on the difference'",
        "Action items: the state of 'Alert on the difference'",
        "Detection and durations: time to mitigate",
        "Lessons: what others can learn from it",
    ):
        assert part in listed
    for one in (page, markdown):
        assert one.words.count("To be filled: ") == len(listed)
    assert not [part for part in listed if part.startswith(("Summary", "Timeline", "the title"))]


def test_nothing_of_the_public_record_is_on_its_page(written):
    _, page, _ = written()
    assert "BasedHardware" not in page.words
    assert "mhjxw" not in page.words


def test_minutes_are_counted_where_both_times_are_known(written):
    _, page, _ = written()
    assert page.table("duration")["time to detect"][:3] == [
        "15 minutes",
        "derived",
        "began to detected",
    ]
    assert page.table("duration")["time to fix"][0] == "1 day"


def test_its_timeline_says_how_long_each_known_step_took(written):
    postmortem, *_ = written()
    (ax,) = postmortem.timeline.axes
    assert title(ax) == "Detected after 15 minutes, fixed 1 day after the detection"


def test_without_a_ghost_there_is_no_chain_and_the_page_says_so(tmp_path):
    path, *_ = write_in(tmp_path, 'title = "x"\nstatus = "y"\nsummary = "z"')
    shipped = [one for one in recordings() if one.variant == "shipped"]
    postmortem = compose(load_incident(path), shipped)
    assert postmortem.chain is None
    assert (
        "Root cause: the await chain: a known variant has to leave ghosts" in postmortem.open_parts
    )


def test_an_incident_in_listen_has_its_chain_there():
    scenario = load_scenario("speech_never_answers")
    recording = replay(scenario, "gather_all", measure_memory=False)
    chain = await_chain("", [recording])
    assert chain is not None
    assert "ListenClients" in f"{chain}"
