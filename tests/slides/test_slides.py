"""The decks are built from stored notebooks, load nothing, fit their time, and answer an SRE."""

import re
from html.parser import HTMLParser
from pathlib import Path

import build_slides
import pytest
from build_slides import NOTEBOOKS, SOURCE
from decks import Undrawn
from prose_numbers import numbers
from slides.cells import Notebooks
from slides.notes import Notes, clock
from slides.page import Deck
from slides.source import TALKS, Picture, SlidesError, Source, read_source

every_talk = pytest.mark.parametrize("talk", TALKS)


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source(SOURCE)


@pytest.fixture(scope="module")
def notebooks() -> Notebooks:
    return Undrawn(NOTEBOOKS)


@pytest.fixture(scope="module")
def notes(source: Source, notebooks: Notebooks) -> Notes:
    return Notes(source, notebooks)


@pytest.fixture(scope="module")
def deck(source: Source, notebooks: Notebooks) -> Deck:
    return Deck(source, notebooks)


class _Page(HTMLParser):
    """Collects what a page loads, and its slides' times."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.timings: list[int] = []
        self.styles: list[str] = []
        self._in_style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self._in_style = tag == "style"
        self.loads += [said[key] or "" for key in ("src", "href", "data", "srcset") if key in said]
        if timing := said.get("data-timing"):
            self.timings.append(int(timing))

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles.append(data)
            self._in_style = False


@every_talk
def test_a_deck_loads_nothing(deck: Deck, talk: int) -> None:
    page = _Page(deck.page(talk))
    assert [each for each in page.loads if not each.startswith("data:image/png;")] == []
    assert len(page.styles) == 3
    assert not re.search(r"@import|url\((?!['\"]?data:)", " ".join(page.styles))


@every_talk
def test_a_deck_has_reveal_js_and_its_licence(deck: Deck, talk: int) -> None:
    page = deck.page(talk)
    assert "reveal.js 5" in page
    assert "Copyright (C)" in page
    assert "Permission is hereby granted, free of charge" in page


@every_talk
def test_slides_take_as_long_as_the_talk(
    deck: Deck, notes: Notes, source: Source, talk: int
) -> None:
    slides = source.slides_of(talk)
    assert _Page(deck.page(talk)).timings == [slide.minutes[talk] for slide in slides]
    assert clock(sum(slide.minutes[talk] for slide in slides)) == f"{talk}:00"
    assert f"until **{talk}:00**" in notes.of(slides[-1], talk)


@every_talk
def test_what_is_said_fits_the_minutes_of_its_slide(
    notes: Notes, source: Source, talk: int
) -> None:
    """People say some 130 words a minute; the rest is for pauses, for pointing and for answers."""
    *slides, questions = source.slides_of(talk)
    words_a_minute = {
        slide.title: 60 * len(notes.said(slide).split()) / slide.minutes[talk] for slide in slides
    }
    assert {title: pace for title, pace in words_a_minute.items() if not 70 <= pace <= 115} == {}
    assert questions.minutes[talk] >= {20: 120, 45: 360}[talk]


def test_notes_say_which_slides_a_late_speaker_may_skip(notes: Notes, source: Source) -> None:
    long = source.slides_of(45)
    skipped = [slide for slide in long if "skip it if you are late" in notes.of(slide, 45)]
    assert skipped == [slide for slide in long if slide not in source.slides_of(20)]


@every_talk
def test_the_first_notes_say_what_to_do_before_the_talk(
    notes: Notes, source: Source, talk: int
) -> None:
    first, *later = (notes.of(slide, talk) for slide in source.slides_of(talk))
    assert first.startswith(source.before_the_talk)
    assert not any(source.before_the_talk in each for each in later)


def test_the_short_talk_leaves_slides_of_the_long_one_out(source: Source) -> None:
    short, long = (source.slides_of(talk) for talk in TALKS)
    assert [slide for slide in long if slide in short] == short
    assert len(short) < len(long) == len(source.slides)


@every_talk
def test_each_of_the_five_notebooks_is_shown(deck: Deck, talk: int) -> None:
    shown = {drawn.origin[:2] for drawn in deck.slides if talk in drawn.slide.minutes}
    assert shown - {""} == {"00", "02", "03", "06", "07"}


def test_every_question_of_notebook_00_is_answered_where_it_comes_up_and_at_the_end(
    notes: Notes, source: Source, notebooks: Notebooks
) -> None:
    asked = notebooks.places(source.questions_in)
    assert len(asked) >= 10
    *slides, last = (notes.of(slide, 45) for slide in source.slides)
    for question in asked:
        answer = rf"\*\*{re.escape(question)}\*\* .{{40,}}? \(More: .*\)"
        assert re.search(answer, last, re.DOTALL), question
        answered_by = [one for one in slides if re.search(answer, one, re.DOTALL)]
        assert len(answered_by) == 1, question


def test_no_number_is_typed(source: Source) -> None:
    texts = [source.before_the_talk]
    texts += [question.answer for question in source.questions.values()]
    for slide in source.slides:
        texts += [slide.title, slide.text, slide.notes]
    typed = set().union(*(numbers(re.sub(r"\{\{.*?\}\}", " ", text)) for text in texts))
    assert {number for number in typed if not number.startswith("#")} == set()


def test_every_fact_is_used(source: Source) -> None:
    used = set(re.findall(r"\{\{ (\w+) \}\}", SOURCE.read_text(encoding="utf-8")))
    assert used == source.facts.keys()


def test_a_diff_tells_removed_lines_from_added_ones(deck: Deck) -> None:
    (fix,) = (drawn for drawn in deck.slides if drawn.slide.title.startswith("The fix waits"))
    assert re.search(r'<span class="removed">- +await asyncio\.gather\(', fix.shown)
    assert re.search(r'<span class="added">\+ +await supervise_tasks\(', fix.shown)
    assert re.search(r"^ +finally:$", fix.shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ('"00/b4c29235"', '"00/gone"', "names cell 00/gone, and 00_start_here has none of that id"),
        ('"00/b4c29235"', '"99/gone"', "no notebook is numbered 99"),
        ("{{ gauge }} connections", "{{ gouge }} connections", "'gouge' is undefined"),
        ("{{ gauge }} connections", "{{ gauge connections", "slides.toml, .*: expected token"),
        ("'gather_all +gauge", "'(gather_all +gauge", "facts.gauge.1: Input should be a valid reg"),
        ("gather_all +gauge", "gather_all +gouge", "fact gauge: .* is 0 times in what 00/82472315"),
        ('look = "opening"', 'lok = "opening"', "slides.0.lok: Unexpected keyword argument"),
        ('20 = "0:45"', '20 = "0:5"', 'slides.0.minutes.20: .*"1:30"'),
        ('20 = "0:45"', '21 = "0:45"', "`minutes` are of"),
        ('"Why 22 and not 216?"', '"Why not 216?"', "not both in slides.toml and in the table"),
        ('asked = ["why_22"]', "", "question 'why_22' is not both"),
        ('first = "    try:"', 'first = "    tries:"', "no line of 00/913a30d3 contains"),
        ("[facts]", "[facts", "slides.toml: "),
    ],
)
def test_what_is_wrong_in_the_source_is_said_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    notebooks: Notebooks,
    written: str,
    instead: str,
    complaint: str,
) -> None:
    path = tmp_path / "slides.toml"
    path.write_text(SOURCE.read_text(encoding="utf-8").replace(written, instead), encoding="utf-8")
    monkeypatch.setattr(build_slides, "SOURCE", path)
    monkeypatch.setattr(build_slides, "BUILD", tmp_path)
    monkeypatch.setattr(build_slides, "Notebooks", lambda folder: notebooks)
    assert build_slides.main() == 1
    said = capsys.readouterr().err
    assert re.fullmatch(rf"make slides: .*{complaint}.*\n", said)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("draw", "complaint"), [("len", "len is not a figure"), ("fool", "name 'fool' is not defined")]
)
def test_a_picture_that_is_none_is_refused(draw: str, complaint: str) -> None:
    with pytest.raises(SlidesError, match=complaint):
        Notebooks(NOTEBOOKS).draw(Picture(cells=("06/60132169",), draw=draw))
