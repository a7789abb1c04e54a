"""The timeline of an incident, over months and over minutes."""

import pytest
from notebook_rules import TALLEST
from pictures import assert_legible, title, words

from ghosts.plots.timeline import MOST_ROWS, Happened, Phase, timeline
from ghosts.records.moment import Moment, elapsed


def _phase(name, start, end):
    first, last = Moment.parse(start), Moment.parse(end)
    return Phase(name=name, start=first, end=last, took=elapsed(first, last))


MINUTES = (
    [
        Happened(at=Moment.parse("2026-11-03T14:00Z"), event="A deploy begins", mark="began"),
        Happened(at=Moment.parse("2026-11-03T14:25Z"), event="The first page", mark="detected"),
        Happened(at=Moment.parse("2026-11-03T14:26Z"), event="A second page"),
        Happened(at=Moment.parse("2026-11-03T15:40Z"), event="Rolled back", mark="fixed"),
    ],
    [
        _phase("not detected", "2026-11-03T14:00Z", "2026-11-03T14:25Z"),
        _phase("fix in work", "2026-11-03T14:25Z", "2026-11-03T15:40Z"),
    ],
)
LONG = "An event whose text goes on and on, and would run over the edge of the picture if not cut"
MONTHS = (
    [
        Happened(at=Moment.parse(f"2026-{n:02}-28"), event=LONG, mark="fixed" * (n == 7))
        for n in range(1, 13)
    ],
    [_phase(f"phase {n}", f"2026-0{n}-01", f"2026-0{n + 1}-28") for n in range(1, 5)],
)


@pytest.mark.parametrize("drawn", [MINUTES, MONTHS], ids=["minutes", "months"])
def test_every_word_can_be_read_at_13_points_within_700_pixels(drawn):
    figure = timeline("What it took", *drawn)
    assert_legible(figure)
    assert min(text.get_fontsize() for text in words(figure)) >= 13
    width, height = figure.get_size_inches() * figure.dpi
    assert width == 1200
    assert height <= TALLEST


def test_each_entry_stands_in_a_row_of_its_own_at_its_time_with_its_date_and_its_mark():
    figure = timeline("What it took", *MINUTES)
    (ax,) = figure.axes
    places = [line.get_xydata()[0] for line in ax.lines if line.get_marker() in ("D", "o")]
    times = [x for x, _ in places]
    assert [round((x - times[0]) * 24 * 60) for x in times] == [0, 25, 26, 100]
    assert [y for _, y in places] == [2, 3, 4, 5]
    texts = [text.get_text() for text in ax.texts]
    assert "3 Nov 14:25  The first page  [detected]" in texts
    assert "3 Nov 14:26  A second page" in texts
    assert "not detected: 25 minutes" in texts
    assert title(ax) == "What it took"
    assert ax.get_xlabel() == "2026, UTC"


def test_phases_are_bars_from_their_start_to_their_end():
    (ax,) = timeline("What it took", *MINUTES).axes
    bars = [bar for bar in ax.patches if bar.get_height() < 1]
    assert [round(bar.get_width() * 24 * 60) for bar in bars] == [25, 75]


def test_its_alternative_text_has_the_phases_and_the_marked_entries_with_dates():
    alt = timeline("What it took", *MINUTES).alt
    assert "Fix in work: 1 hour 15 minutes, from 2026-11-03 14:25 to 2026-11-03 15:40" in alt
    assert "2026-11-03 14:25: The first page (detected)" in alt
    assert "A second page" not in alt


def test_a_single_entry_has_an_axis_around_it():
    assert_legible(timeline("One", MINUTES[0][:1], []))


def test_more_entries_than_there_is_room_for_are_refused():
    with pytest.raises(ValueError, match="17"):
        timeline("Many", MINUTES[0][:1] * (MOST_ROWS + 1), [])
