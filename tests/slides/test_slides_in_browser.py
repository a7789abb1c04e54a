"""Each slide in a real browser at 1280 by 720: nothing overflows, overlaps or is too small."""

from collections.abc import Iterator
from pathlib import Path

import axe
import pytest
from chromium import chromium, open_page
from decks import whole_deck
from drawn_text import DrawnText, drawn_texts
from playwright.sync_api import Browser, Page, expect
from slides.page import Deck
from slides.source import TALKS

pytestmark = pytest.mark.slow

LEAST = 18
"""Pixels: no text on a slide, in a picture or beside it, is smaller."""
LOOK = (Path(__file__).parent / "look.js").read_text(encoding="utf-8")

every_talk = pytest.mark.parametrize("talk", TALKS)


@pytest.fixture(scope="module")
def deck() -> Deck:
    return whole_deck()


@pytest.fixture(scope="module")
def folder(deck: Deck, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    for talk in TALKS:
        (folder / f"{talk}.html").write_text(deck.page(talk), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, folder: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield the page of a talk, opened from its file and offline; nothing may fail in it."""
    page = open_page(browser, viewport={"width": 1280, "height": 720}, offline=True)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("requestfailed", lambda failed: faults.append(failed.url[:80]))
    page.goto((folder / f"{request.param}.html").as_uri())
    yield page
    page.close()
    assert faults == []


talks_opened = pytest.mark.parametrize("opened", TALKS, indirect=True)
the_long_talk = pytest.mark.parametrize("opened", [45], indirect=True)


def slides_shown(page: Page) -> Iterator[str]:
    """Go through the slides with the keyboard; yield the title of each."""
    for index in range(page.evaluate("Reveal.getTotalSlides()")):
        if index:
            page.keyboard.press("ArrowRight")
        page.wait_for_function(f"Reveal.getIndices().h === {index}")
        yield page.locator("section.present h2").inner_text()


@talks_opened
def test_nothing_on_a_slide_overflows_overlaps_or_is_small(opened: Page) -> None:
    wrong = {title: opened.evaluate(LOOK, LEAST) for title in slides_shown(opened)}
    assert {title: faults for title, faults in wrong.items() if faults} == {}
    assert len(wrong) >= 12


@the_long_talk
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("h2.style.fontSize = '17px'", "is of 17 px"),
        ("h2.style.transform = 'translateX(900px)'", "leaves the slide"),
        ("h2.textContent = 'w'.repeat(200)", "leaves its box"),
        ("pre.style.width = '300px'", "leaves its box"),
        ("pre.style.cssText += 'width: 300px; overflow: hidden'", "is cut off"),
        ("pre.style.fontSize = '40px'", "leaves the slide"),
        ("pre.parentElement.style.marginTop = '600px'", "overlap"),
    ],
)
def test_what_overflows_overlaps_or_is_small_is_found(
    opened: Page, change: str, fault: str
) -> None:
    opened.evaluate("Reveal.slide(3)")
    assert opened.evaluate(LOOK, LEAST) == []
    opened.evaluate(
        "change => new Function('h2', 'pre', change)"
        "(...['h2', 'pre'].map(tag => Reveal.getCurrentSlide().querySelector(tag)))",
        change,
    )
    assert any(each.startswith(fault) for each in opened.evaluate(LOOK, LEAST))


@the_long_talk
def test_text_in_pictures_is_large_whole_and_apart(opened: Page, deck: Deck) -> None:
    figures = {drawn.title: drawn.figure for drawn in deck.slides if drawn.figure}
    for title in slides_shown(opened):
        if title in figures:
            (picture,) = opened.locator("section.present img").all()
            shown = picture.bounding_box()
            assert shown is not None
            texts = drawn_texts(figures.pop(title), shown["width"])
            assert len(texts) > 5, title
            assert small(texts) == [], title
            assert [text.words for text in texts if not text.within_picture] == [], title
            assert overlapping(texts) == [], title
    assert figures == {}


def small(texts: list[DrawnText]) -> list[tuple[str, float]]:
    return [(text.words, text.size) for text in texts if text.size < LEAST]


def overlapping(texts: list[DrawnText]) -> list[tuple[str, str]]:
    return [
        (one.words, other.words)
        for index, one in enumerate(texts)
        for other in texts[index + 1 :]
        if one.covers(other)
    ]


@talks_opened
def test_every_picture_has_words_for_who_does_not_see_it(opened: Page) -> None:
    alts = [picture.get_attribute("alt") for picture in opened.locator("section img").all()]
    assert len(alts) >= 6
    assert all(alts)


@the_long_talk
def test_text_stands_out_from_what_is_behind_it(opened: Page) -> None:
    rules = ["color-contrast", "image-alt", "empty-heading"]
    for title in slides_shown(opened):
        assert axe.found(opened, rules=rules) == [], title


@talks_opened
def test_the_speaker_view_follows_with_notes_and_time(opened: Page) -> None:
    with opened.context.expect_page() as popup:
        opened.keyboard.press("s")
    speaker = popup.value
    expect(speaker.locator("iframe")).to_have_count(2)
    for _ in range(2):
        opened.keyboard.press("ArrowRight")
    at_hand = opened.locator("section.present aside.notes").text_content() or ""
    first = at_hand.strip().splitlines()[0]
    notes = speaker.locator(".speaker-controls-notes")
    expect(notes).to_contain_text(first)
    expect(speaker.locator(".pacing")).to_be_visible()
    speaker.keyboard.press("ArrowLeft")
    opened.wait_for_function("Reveal.getIndices().h === 1")


@talks_opened
def test_a_print_has_the_notes_of_each_slide_on_a_page_after_it(opened: Page) -> None:
    slides = opened.evaluate("Reveal.getTotalSlides()")
    opened.goto(opened.url.split("#")[0] + "?print-pdf&showNotes=separate-page")
    expect(opened.locator(".pdf-page + .speaker-notes-pdf")).to_have_count(slides)


@talks_opened
def test_all_that_is_said_at_a_slide_is_seen_at_once_on_a_laptop(opened: Page) -> None:
    with opened.context.expect_page() as popup:
        opened.keyboard.press("s")
    speaker = popup.value
    speaker.set_viewport_size({"width": 1440, "height": 900})
    expect(speaker.locator("iframe")).to_have_count(2)
    scrolled = []
    for title in slides_shown(opened):
        times = opened.locator("section.present aside.notes p", has_text="until").first
        expect(speaker.locator(".speaker-controls-notes")).to_contain_text(
            times.text_content() or ""
        )
        said = speaker.locator(".speaker-controls-notes p", has_not_text="If asked:")
        box = said.last.bounding_box()
        assert box is not None
        if box["y"] + box["height"] > 900:
            scrolled.append(title)
    assert scrolled == []
