"""What the browser test measures in pictures: it finds text that is small, cut off or overlaps."""

from drawn_text import drawn_texts

from ghosts.plots.style import figure, write


def test_text_is_measured_as_it_is_shown() -> None:
    fig, (ax,) = figure(height=4)
    write(ax, 0.5, 0.5, "thirteen points")
    sizes = {
        width: next(t.size for t in drawn_texts(fig, width) if t.words == "thirteen points")
        for width in (1200, 600)
    }
    assert sizes == {1200: 18.06, 600: 9.03}


def test_text_that_overlaps_or_leaves_the_picture_is_found() -> None:
    fig, (ax,) = figure(height=4)
    for place, words in ((0.5, "below"), (0.53, "above"), (0.8, "alone")):
        write(ax, 0.5, place, words)
    write(ax, 0.98, 0.2, "cut off at the right", in_layout=False)
    texts = {text.words: text for text in drawn_texts(fig, 1200)}
    assert texts["below"].covers(texts["above"])
    assert not texts["below"].covers(texts["alone"])
    assert [words for words, text in texts.items() if not text.within_picture] == [
        "cut off at the right"
    ]
